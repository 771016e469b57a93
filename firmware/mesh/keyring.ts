import type { Role } from '../../protocols/access.ts';
import type { Registry } from '../../protocols/enrolment.ts';
import type { SenderKey } from '../../protocols/signed-envelope.ts';
import { publicKeyOf } from '../io/keys.ts';

/** Whose signatures are believed. */
export interface Keyring {
  /** @param node name at this site. @param role that it must have in a fleet */
  keyOf(node: string, role: Role): SenderKey | null;
  /** A node has told the key that it signs with, unproven. */
  told(node: string, key: Uint8Array | undefined): void;
}

interface Made {
  readonly bytes: Uint8Array;
  readonly key: SenderKey;
}

/** Keys that took time to make, by node; made again when they have changed. */
class MadeKeys {
  private readonly made = new Map<string, Made>();

  constructor(private readonly keysMax: number) {}

  of(node: string, bytes: Uint8Array): SenderKey | null {
    const known = this.made.get(node);
    if (known?.bytes.every((byte, i) => byte === bytes[i])) return known.key;
    if (known === undefined && this.made.size >= this.keysMax) return null;
    const key = publicKeyOf(bytes);
    this.made.set(node, { bytes: key.bytes, key });
    return key;
  }

  last(node: string): SenderKey | null {
    return this.made.get(node)?.key ?? null;
  }
}

/** Keys of an open mesh, as presence tells them: each is believed as long as the node that says it is there. */
export const openKeyring = (keysMax: number): Keyring => {
  const made = new MadeKeys(keysMax);
  return {
    keyOf: (node) => made.last(node),
    told: (node, key) => {
      if (key !== undefined) made.of(node, key);
    },
  };
};

/** Keys of a fleet: those enrolled for a name and a role, and not revoked. What nodes tell counts nothing. */
export const fleetKeyring = (registry: Registry, keysMax: number): Keyring => {
  const made = new MadeKeys(keysMax);
  return {
    keyOf: (node, role) => {
      const standing = registry.of(node);
      return standing.ok && standing.member.roles.includes(role) ? made.of(node, standing.member.key) : null;
    },
    told: () => {},
  };
};
