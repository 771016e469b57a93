import type { Codec, Decoded } from './codec.ts';
import { hexOf, sameBytes } from './hex.ts';
import { LIMITS } from './limits.ts';
import { ENROLMENT, type EnrolmentBody } from './messages/enrolment.ts';
import { FLEET } from './names.ts';
import { type RevocationRejection, Revocations } from './revocations.ts';
import { openRootSigned, type Root, type RootRejection } from './root-signed.ts';

/**
 * `site`: of another site. `name`: for another name than that it came from. `stale`: not newer than the one known, as
 * retained messages are. `keyTaken`: the key is another member's. `full`: more than LIMITS.enrolmentsMax members.
 */
export type EnrolmentRejection = RootRejection | 'site' | 'name' | 'stale' | 'revoked' | 'keyTaken' | 'full';

/** One gateway, person or program of the site, as the operator enrolled it. */
export type Member = Omit<EnrolmentBody, 'issued' | 'site'>;

/** Who a key or a name is, or why it counts for nothing. */
export type Standing =
  | { readonly ok: true; readonly member: Member }
  | { readonly ok: false; readonly reason: 'notEnrolled' | 'revoked' };

export interface RegistryOptions {
  readonly codec: Codec;
  readonly site: string;
  readonly root: Root;
  /** First 8 bytes of the SHA-256 of a raw public key. */
  readonly kidOf: (key: Uint8Array) => Uint8Array;
  /** LIMITS.enrolmentsMax unless fewer will do. */
  readonly membersMax?: number;
}

/**
 * Who belongs to the site: enrolments and revocations as they arrive in any order, all of them proven by the root. What
 * the operator has signed is the whole state, so a restart gives `messages()` to `enrol` and `revoke` again, and a disk
 * that somebody wrote to can add nobody.
 */
export class Registry {
  private readonly options: RegistryOptions;
  private readonly revocations: Revocations;
  private readonly byName = new Map<string, { readonly member: Member; readonly bytes: Uint8Array }>();
  private readonly nameOfKid = new Map<string, string>();

  constructor(options: RegistryOptions) {
    this.options = options;
    this.revocations = new Revocations(options.codec, options);
  }

  /**
   * Takes an enrolment as it came. One that is known, as every reconnection brings them all, costs no verification.
   *
   * @param node whose topic it came from, or whose file it is
   */
  enrol(node: string, bytes: Uint8Array): Decoded<Member, EnrolmentRejection> {
    const { codec, site, membersMax = LIMITS.enrolmentsMax } = this.options;
    const known = this.byName.get(node);
    if (known !== undefined && sameBytes(known.bytes, bytes)) return { ok: false, reason: 'stale' };
    const opened = openRootSigned(codec, ENROLMENT, this.options, bytes);
    if (!opened.ok) return opened;
    const { site: theirs, issued: _, ...body } = opened.value;
    if (theirs !== site) return { ok: false, reason: 'site' };
    if (body.node !== node || node === FLEET) return { ok: false, reason: 'name' };
    if (this.revocations.isRevoked(body.serial)) return { ok: false, reason: 'revoked' };
    if (known !== undefined && body.serial <= known.member.serial) return { ok: false, reason: 'stale' };
    if (known === undefined && this.byName.size >= membersMax) return { ok: false, reason: 'full' };
    const kid = this.kidText(body.key);
    const holder = this.nameOfKid.get(kid);
    if (holder !== undefined && holder !== node && this.of(holder).ok) return { ok: false, reason: 'keyTaken' };
    this.forgetKey(node);
    const member = { ...body, key: body.key.slice() };
    this.byName.set(node, { member, bytes: bytes.slice() });
    this.nameOfKid.set(kid, node);
    return { ok: true, value: member };
  }

  /** Takes a list of revocations as it came. @returns its counter */
  revoke(bytes: Uint8Array): Decoded<number, RevocationRejection> {
    return this.revocations.take(bytes);
  }

  /** @param node a name of this site */
  of(node: string): Standing {
    const member = this.byName.get(node)?.member;
    if (member === undefined) return { ok: false, reason: 'notEnrolled' };
    if (this.revocations.isRevoked(member.serial)) return { ok: false, reason: 'revoked' };
    return { ok: true, member };
  }

  /** Whose key has this kid: what a signed message names. */
  ofKid(kid: Uint8Array): Standing {
    const node = this.nameOfKid.get(hexOf(kid));
    return node === undefined ? { ok: false, reason: 'notEnrolled' } : this.of(node);
  }

  /** Everything to keep, as the operator signed it: enrolments by name, and the revocations. */
  messages(): { readonly enrolments: ReadonlyMap<string, Uint8Array>; readonly revocation: Uint8Array | null } {
    const enrolments = new Map([...this.byName].map(([node, { bytes }]) => [node, bytes]));
    return { enrolments, revocation: this.revocations.message };
  }

  private forgetKey(node: string): void {
    const known = this.byName.get(node);
    if (known === undefined) return;
    const kid = this.kidText(known.member.key);
    // A revoked member's key may be another's by now.
    if (this.nameOfKid.get(kid) === node) this.nameOfKid.delete(kid);
  }

  private kidText(key: Uint8Array): string {
    return hexOf(this.options.kidOf(key));
  }
}
