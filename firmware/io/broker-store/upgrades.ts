import { NodeError } from '../../errors.ts';
import type { Database, Write } from '../store/write-queue.ts';
import { SCHEMA_KEY } from './keys.ts';
import { type BrokerRecords, SCHEMA_VERSION } from './records.ts';

/** What must be written to bring a directory of one version to the next. */
export type Upgrade = (database: Database) => Promise<readonly Write[]>;

/** Upgrades by the version that they start from; version 1 is the first there is. */
const UPGRADES: readonly Upgrade[] = [];

/**
 * Brings a directory up to this software's version, step by step, each step and its version number in one durable
 * batch: a power cut between two leaves a whole version behind. An empty directory becomes one of the present version.
 *
 * @param steps the upgrades, from version 1 on; the built-in ones unless told otherwise
 * @throws NodeError `storeNewer` for a directory of newer software, which is left as it is
 */
export const upgrade = async (
  database: Database,
  records: BrokerRecords,
  directory: string,
  notice: (text: string) => void,
  steps: readonly Upgrade[] = UPGRADES,
): Promise<void> => {
  const value = await database.get(SCHEMA_KEY);
  const found = value === undefined ? null : records.readSchema(value);
  const newest = steps === UPGRADES ? SCHEMA_VERSION : steps.length + 1;
  if (found !== null && found > newest) {
    const what = `${directory} was written by newer software (version ${found}; this one knows ${newest})`;
    throw new NodeError('storeNewer', `${what}: install that, or choose another --state directory`);
  }
  const put = (version: number): Write => ({ type: 'put', key: SCHEMA_KEY, value: records.writeSchema(version) });
  // No readable number: empty, or one damaged record among sound ones, which are all of the first version then.
  let version = found ?? ((await isEmpty(database)) ? newest : 1);
  if (found === null) await database.batch([put(version)], { sync: true });
  for (; version < newest; version++) {
    const writes = await steps[version - 1]!(database);
    await database.batch([...writes, put(version + 1)], { sync: true });
    notice(`${directory} was upgraded from version ${version} to ${version + 1}`);
  }
};

const isEmpty = async (database: Database): Promise<boolean> => {
  const keys = await database.keys({ limit: 1 }).all();
  return keys.length === 0;
};
