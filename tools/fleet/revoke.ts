import { join } from 'node:path';
import { writeWhole } from '../../firmware/io/files.ts';
import { createCodec } from '../../protocols/codec.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { REVOCATION } from '../../protocols/messages/revocation.ts';
import { sealRootSigned } from '../../protocols/root-signed.ts';
import { CommandError } from '../errors.ts';
import { FLEET_FILES, type Fleet, ROOT_EPOCH, saveFleet, writeRevocationList } from './fleet-folder.ts';

const PUBLIC = 0o644;

export interface Revoked {
  readonly fleet: Fleet;
  /** Of this command's subject; what was revoked before is in the list, too. */
  readonly serials: readonly number[];
  /** Signed by the root: what brokers and nodes are told. */
  readonly message: Uint8Array;
}

/**
 * Takes back everything that a name was given, or one serial, and signs the whole list anew, both as a message and as
 * an X.509 list for brokers that know nothing of ours. Done twice it is only signed twice, so that a list that never
 * left this desk can be had again.
 *
 * @throws CommandError `notEnrolled`, `tooManyRevoked`
 */
export const revoke = async (
  fleet: Fleet,
  what: { readonly name: string } | { readonly serial: number },
  unixMs: number,
): Promise<Revoked> => {
  const { record, root } = fleet;
  const isMeant = (each: { name: string; serial: number }): boolean =>
    'name' in what ? each.name === what.name : each.serial === what.serial;
  if (!record.issued.some(isMeant)) {
    const subject = 'name' in what ? what.name : `serial ${what.serial}`;
    throw new CommandError('notEnrolled', `${subject} was never enrolled here: "myrmexctl fleet list" shows who was`);
  }
  const issued = record.issued.map((each) => (isMeant(each) ? { ...each, revoked: true } : each));
  const serials = issued.filter(({ revoked }) => revoked).map(({ serial }) => serial);
  if (serials.length > LIMITS.revokedMax) {
    const mend = 'begin a new fleet and enrol what remains';
    throw new CommandError('tooManyRevoked', `more than ${LIMITS.revokedMax} revocations fit in no message: ${mend}`);
  }
  const next = { ...record, issued, counter: record.counter + 1, sequence: record.sequence + 1 };
  const saved = await saveFleet(fleet, next);
  const stamp = { site: record.site, epoch: ROOT_EPOCH, sequence: next.sequence, time: unixMs };
  const signer = { kid: root.publicKey.kid, sign: root.sign };
  const message = sealRootSigned(createCodec(), REVOCATION, stamp, { counter: next.counter, serials }, signer);
  await writeWhole(join(fleet.folder, FLEET_FILES.revocation), message, PUBLIC);
  await writeRevocationList(saved, serials, unixMs);
  return { fleet: saved, serials: issued.filter(isMeant).map(({ serial }) => serial), message };
};
