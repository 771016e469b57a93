import { errorMessage, NodeError } from '../../errors.ts';
import type { BrokerLimits } from '../../machines/broker-limits.ts';
import type { Vitals } from '../../vitals.ts';
import { openDatabase } from '../store/open.ts';
import type { Database } from '../store/write-queue.ts';
import { Accepted } from './accepted.ts';
import { readContents } from './contents.ts';
import { type BatchDatabase, Disk } from './disk.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { DurablePersistence } from './persistence.ts';
import { createBrokerRecords, type WillRecord } from './records.ts';
import { Retained } from './retained.ts';
import { Sessions } from './sessions.ts';
import { upgrade } from './upgrades.ts';

export type BrokerReport = Pick<Vitals, 'count' | 'set' | 'trouble' | 'well'>;

export interface BrokerStore {
  readonly persistence: DurablePersistence;
  readonly disk: Disk;
  readonly sessions: Sessions;
  readonly accepted: Accepted;
  readonly outgoing: Outgoing;
  /** Of clients that were connected when the broker ended: to be published, and then deleted by their client id. */
  readonly wills: readonly WillRecord[];
}

export interface BrokerStoreOptions {
  readonly directory: string;
  readonly limits: BrokerLimits;
  readonly report: BrokerReport;
  readonly notice: (text: string) => void;
  /** Runs a task once after so many ms. */
  readonly schedule?: (task: () => void, ms: number) => void;
  /** Stands between the store and its database, to make it fail. */
  readonly through?: (database: BatchDatabase) => BatchDatabase;
}

/**
 * What the embedded broker remembers: retained messages, sessions, and the messages that wait for them.
 *
 * @throws NodeError `storeLocked`, `storeOpen`, `storeNewer` (nothing is changed then)
 */
export const openBrokerStore = async (options: BrokerStoreOptions): Promise<BrokerStore> => {
  const { directory, limits, report, notice } = options;
  const { schedule = (task, ms) => void setTimeout(task, ms), through = (database) => database } = options;
  const records = createBrokerRecords();
  const database = await openDatabase(directory, notice);
  try {
    await upgrade(database, records, directory, notice);
    const disk = new Disk({
      database: through(batches(database)),
      reopen: async () => through(batches(await openDatabase(directory, notice))),
      schedule,
      failed: (reason) =>
        report.trouble(
          'brokerStore',
          `the broker cannot write to ${directory} (${reason}) and takes no messages for sessions until it can: ` +
            'make room or mend the disk',
        ),
      recovered: () => report.well('brokerStore'),
      wrote: (bytes) => report.count('brokerStoredBytes', bytes),
    });
    const sessions = new Sessions(disk, records, limits, {
      dropped: (count) => report.count('brokerQueueDropped', count),
      evicted: (clientId) => {
        report.count('brokerSessionsEvicted');
        persistence.forget(clientId);
      },
      waiting: (count, bytes) => {
        report.set('brokerQueued', count);
        report.set('brokerQueuedBytes', bytes);
      },
    });
    const retained = new Retained(disk, records, limits, (count) => report.set('brokerRetained', count));
    const refusedRetained = () => report.count('brokerRetainedRefused');
    const accepted = new Accepted(disk, sessions, retained);
    const outgoing = new Outgoing(disk, records, sessions);
    const parts = { disk, records, sessions, retained, accepted, outgoing, incoming: new Incoming(disk, sessions) };
    const persistence = new DurablePersistence({ ...parts, refusedRetained });
    const contents = await readContents(database, records, sessions, disk);
    await persistence.restore(contents);
    if (contents.damaged > 0) {
      notice(`${contents.damaged} records in ${directory} are damaged or unknown; skipped, not deleted`);
    }
    return { persistence, disk, sessions, accepted, outgoing, wills: contents.wills };
  } catch (error) {
    await database.close();
    if (error instanceof NodeError) throw error;
    throw new NodeError('storeOpen', `the broker's state in ${directory} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
};

/** A chained batch costs a quarter of what an array of operations does. */
const batches = (database: Database): BatchDatabase => ({
  write: async (writes, sync) => {
    const batch = database.batch();
    for (const [key, value] of writes) {
      if (value === null) batch.del(key);
      else batch.put(key, value);
    }
    await batch.write({ sync });
  },
  close: () => database.close(),
});
