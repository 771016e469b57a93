import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBounded, writeWhole } from './files.ts';

/** 2024-01-01, Unix s: leaves 68 years of seconds in 31 bits. */
const BEGINNING_S = 1_704_067_200;
/** Lower bits, of the key: no two gateways have one generation, so that nobody's message passes for another's. */
const KEY_RANGE = 2 ** 22;
const FILE_BYTES_MAX = 32;

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
  const path = join(directory, 'generation');
  const last = existsSync(path) ? Number(new TextDecoder().decode(await readBounded(path, 'file', FILE_BYTES_MAX))) : 0;
  const begun = Number.isSafeInteger(last) && last > 0 ? Math.floor(last / KEY_RANGE) + 1 : 1;
  const life = Math.max(begun, Math.floor(unixMs / 1_000) - BEGINNING_S);
  const generation = life * KEY_RANGE + (((kid[0]! << 16) | (kid[1]! << 8) | kid[2]!) >> 2);
  await writeWhole(path, `${generation}\n`);
  return generation;
};
