import type { SenderKey } from '../../protocols/door.ts';
import { publicKeyOf } from '../io/keys.ts';

/** Whose signatures are believed. */
export interface Keyring {
  /** @param node name at this site */
  keyOf(node: string): SenderKey | null;
}

/** Keys of an open mesh, as presence tells them: each is believed as long as the node that says it is there. */
export class OpenKeyring implements Keyring {
  private readonly keys = new Map<string, { readonly bytes: Uint8Array; readonly key: SenderKey }>();

  constructor(private readonly keysMax: number) {}

  heard(node: string, bytes: Uint8Array | undefined): void {
    const known = this.keys.get(node);
    if (bytes === undefined || (known === undefined && this.keys.size >= this.keysMax)) return;
    if (known?.bytes.every((byte, i) => byte === bytes[i])) return;
    const key = publicKeyOf(bytes);
    this.keys.set(node, { bytes: key.bytes, key });
  }

  keyOf(node: string): SenderKey | null {
    return this.keys.get(node)?.key ?? null;
  }
}
