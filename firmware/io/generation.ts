import { join } from 'node:path';
import { readIfThere, writeWhole } from './files.ts';

/** 2024-01-01, Unix s: leaves 68 years of seconds in 31 bits. */
const BEGINNING_S = 1_704_067_200;
/** Lower bits, of the key: no two gateways have one generation, so that nobody's message passes for another's. */
const KEY_RANGE = 2 ** 22;
const FILE_BYTES_MAX = 32;
const FILE = 'generation';

/**
 * A number for this life of the node among its peers, higher than that of any life before: the time, or one more than
 * the last where the clock is behind. A node that lost its disk while its clock is behind too is taken for an old one
 * until its peers forget it.
 *
 * @param directory of the node's state
 * @param kid first bytes of its key's hash
 * @throws NodeError `fileUnwritable`, `fileUnreadable`
 */
export const nextGeneration = async (directory: string, kid: Uint8Array, unixMs: number): Promise<number> => {
  const last = await lastGeneration(directory);
  const begun = last > 0 ? Math.floor(last / KEY_RANGE) + 1 : 1;
  const life = Math.max(begun, Math.floor(unixMs / 1_000) - BEGINNING_S);
  const generation = life * KEY_RANGE + (((kid[0]! << 16) | (kid[1]! << 8) | kid[2]!) >> 2);
  await writeWhole(join(directory, FILE), `${generation}\n`);
  return generation;
};

/** Of the life before; 0 when there was none. @throws NodeError `fileUnreadable` */
export const lastGeneration = async (directory: string): Promise<number> => {
  const bytes = await readIfThere(join(directory, FILE), 'file', FILE_BYTES_MAX);
  const last = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
  return Number.isSafeInteger(last) && last > 0 ? last : 0;
};
