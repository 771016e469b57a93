import { NodeError } from '../../errors.ts';
import { LAYOUT_KEY } from './keys.ts';
import type { Records } from './records.ts';
import type { Database, Write } from './write-queue.ts';

/**
 * Version of which keys there are and what they mean; records carry versions of their own. Its record keeps this one
 * shape for ever, so that any version of this software can tell that a directory is not for it.
 *
 * 1: `epoch` and `model/…`, without a layout record. 2: the same, with it.
 */
export const LAYOUT = 2;

/**
 * Looks what wrote a database before anything in it is changed.
 *
 * @returns what brings it to the layout of this software, to be written together with the first change
 * @throws NodeError `storeNewer` when a newer software wrote it
 */
export async function layoutUpgrade(database: Database, records: Records, directory: string): Promise<Write[]> {
  const value = await database.get(LAYOUT_KEY);
  // A damaged one is written again: every other record tells by itself whether it can be read.
  const layout = value === undefined ? 1 : (records.readLayout(value) ?? 1);
  if (layout > LAYOUT) {
    const what = `the state in ${directory} was written by a newer version of myrmex (layout ${layout})`;
    throw new NodeError('storeNewer', `${what}; nothing was changed: install that version, or choose another --state`);
  }
  return layout === LAYOUT ? [] : [{ type: 'put', key: LAYOUT_KEY, value: records.writeLayout(LAYOUT) }];
}
