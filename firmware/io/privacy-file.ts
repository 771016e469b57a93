import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Codec } from '../../protocols/codec.ts';
import { type PrivacyTotal, readPrivacyTotal, writePrivacyTotal } from '../../protocols/privacy/privacy-total.ts';
import { NodeError } from '../errors.ts';
import { readIfThere, writeWhole } from './files.ts';

const FILE_BYTES_MAX = 256;

const fileIn = (directory: string): string => join(directory, 'privacy.cbor');

/**
 * What the node has given away so far; null before the first time.
 *
 * @param directory of the node's state
 * @throws NodeError `privacyTotal`: the file is damaged, and what was spent is not known
 */
export const readPrivacyFile = async (codec: Codec, directory: string): Promise<PrivacyTotal | null> => {
  const path = fileIn(directory);
  const bytes = await readIfThere(path, 'privacy account', FILE_BYTES_MAX);
  if (bytes === null) return null;
  const total = readPrivacyTotal(codec, bytes);
  if (total !== null) return total;
  const mend = 'put it back from a copy, or remove it and with it the promise about what was shared before';
  throw new NodeError('privacyTotal', `${path} is damaged, so what this node has given away is not known: ${mend}`);
};

/** On disk before it resolves. @throws NodeError `fileUnwritable` */
export const writePrivacyFile = (codec: Codec, directory: string, total: PrivacyTotal): Promise<void> =>
  writeWhole(fileIn(directory), writePrivacyTotal(codec, total));

/** A uniform number in (0, 1] that nobody can guess: 53 bits from the system. */
const uniform = (): number => {
  const bytes = randomBytes(8);
  return (Number(bytes.readBigUInt64LE() >> 11n) + 1) / 2 ** 53;
};

/** A standard normal number that nobody can guess (Box and Muller 1958). */
export const secretNormal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
