import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBounded, writeWhole } from '../../firmware/io/files.ts';
import { readFleetFolder } from '../../firmware/io/fleet-folder.ts';
import { IDENTITY_FILES } from '../../firmware/io/identity-folder.ts';
import { type Identity, openIdentity, type PublicKey, passingIdentity } from '../../firmware/io/keys.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { sameBytes } from '../../protocols/hex.ts';
import { ENROLMENT } from '../../protocols/messages/enrolment.ts';
import { openRootSigned } from '../../protocols/root-signed.ts';
import { CommandError } from '../errors.ts';

/** What an origin without a name is called in an open mesh. */
const NAMELESS = 'myrmexctl';
const NUMBER_BYTES_MAX = 32;

/** Who publishes. */
export interface Origin {
  readonly site: string;
  readonly name: string;
  readonly identity: Identity;
  /** The operator's word for it, as the root signed it; null in an open mesh, where its presence tells its key. */
  readonly enrolment: { readonly bytes: Uint8Array; readonly root: PublicKey } | null;
  /** Higher than of any publication before; on disk already, where there is a folder. */
  readonly sequence: number;
}

/**
 * An operator of a fleet, from the folder that `myrmexctl fleet enroll` made.
 *
 * @throws CommandError `notOperator`, `notEnrolled`; NodeError when a file is not there or not what it should be
 */
export const openOrigin = async (folder: string, unixMs: number): Promise<Origin> => {
  const { root, enrolment: bytes } = await readFleetFolder(folder);
  const identity = await openIdentity(join(folder, IDENTITY_FILES.identityKey));
  const codec = createCodec();
  const signed = readSign1(bytes);
  const claimed = signed.ok ? openEnvelope(codec, ENROLMENT, signed.value.payload) : signed;
  const proven = claimed.ok
    ? openRootSigned(codec, ENROLMENT, { site: claimed.value.body.site, root }, bytes)
    : claimed;
  if (!proven.ok || !sameBytes(proven.value.key, identity.publicKey.bytes)) {
    const why = proven.ok ? 'it is for another key' : proven.reason;
    throw new CommandError('notEnrolled', `the enrolment in ${folder} does not hold (${why}): copy it there once more`);
  }
  const { site, node: name, roles } = proven.value;
  if (!roles.includes('operator')) {
    const mend = `"myrmexctl fleet enroll NAME --role operator" makes one`;
    throw new CommandError('notOperator', `${site}/${name} is ${roles.join(', ')}, and operators publish: ${mend}`);
  }
  return { site, name, identity, enrolment: { bytes, root }, sequence: await nextSequence(folder, unixMs) };
};

/** Somebody in an open mesh, with a key of the moment. */
export const passingOrigin = (site: string, unixMs: number): Origin => {
  return { site, name: NAMELESS, identity: passingIdentity(), enrolment: null, sequence: unixMs };
};

/** The time, or one more than the last where the clock is behind. @throws NodeError `fileUnwritable` */
const nextSequence = async (folder: string, unixMs: number): Promise<number> => {
  const path = join(folder, 'published');
  const last = existsSync(path) ? Number(Buffer.from(await readBounded(path, 'file', NUMBER_BYTES_MAX))) : 0;
  const sequence = Math.max(unixMs, Number.isSafeInteger(last) ? last + 1 : 0);
  await writeWhole(path, `${sequence}\n`);
  return sequence;
};
