import { performance } from 'node:perf_hooks';
import { NodeError } from '../errors.ts';
import type { JournalEntry } from '../journal.ts';
import type { TrackRecord } from '../machines/label-pool.ts';
import { type Contents, lastEpoch, otherModels, readContents, storedLabellers } from './store/contents.ts';
import { type Disk, disk } from './store/disk.ts';
import { createJournalIndex } from './store/journal-index.ts';
import { EPOCH_KEY, entryKey, LABELLERS_KEY, labelKey, snapshotKey } from './store/keys.ts';
import { createLasting, type LastingDatabase } from './store/lasting.ts';
import { layoutUpgrade } from './store/layout.ts';
import { unwritable } from './store/open.ts';
import { createRecords, type Records } from './store/records.ts';
import { createWriteQueue, type Write } from './store/write-queue.ts';

/** Labels remembered to tell a repeated one from an unknown window; of recent windows the pipeline knows as well. */
export const KNOWN_LABELS_MAX = 16_384;

export interface StoredState {
  /** The newest whole snapshot, null when there is none. */
  readonly snapshot: Uint8Array | null;
  /** In order of learning. A slot may occur twice: then the earlier entry is not in the snapshot yet. */
  readonly journal: JournalEntry[];
}

export interface Store {
  /** Boot counter: 1 at the first opening, one more at each, on disk before anyone sees it. */
  readonly epoch: number;
  /** What a person should know about the state found: damage, repairs, state of other models kept aside. */
  readonly notices: readonly string[];
  /** Records that were damaged or of a version newer than this software; skipped, never deleted. */
  readonly skipped: number;
  /** Class index of every label on disk that is still remembered, by window id; follows `putEntry`. */
  readonly labels: ReadonlyMap<string, number>;
  /** How often who was right, as it was at the opening. */
  readonly labellers: readonly TrackRecord[];
  load(): Promise<StoredState>;
  /** Resolves once the entry survives power loss; entries that wait share one fsync. Order of calls is kept. */
  putEntry(entry: JournalEntry): Promise<void>;
  /** Resolves once the records survive power loss. */
  putLabellers(records: readonly TrackRecord[]): Promise<void>;
  /** The snapshot must contain every entry put before this call. Resolves once it survives power loss. */
  putSnapshot(bytes: Uint8Array): Promise<void>;
  /** Waits for what is being written, then releases the directory. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Hash of the model file in hexadecimal. */
  readonly model: string;
  /** The real one unless told otherwise. */
  readonly disk?: Disk;
  /** For the pauses between attempts at a failing disk. */
  readonly monotonicMs?: () => number;
  /** Hears what becomes known after the opening. */
  readonly notice?: (text: string) => void;
  /** Nothing can be written from now on, until `well`; the text says why and what to do. */
  readonly trouble?: (text: string) => void;
  readonly well?: () => void;
}

/**
 * The node's memory on disk (LevelDB). What was learned belongs to one model, named by its hash: the state of any other
 * model stays where it is, neither applied nor deleted.
 *
 * A disk that fails, fills up or becomes read-only while it is open is reported, and tried again until it works.
 *
 * @throws NodeError `storeLocked`, `storeOpen`, `storeNewer`
 */
export async function openStore(directory: string, options: StoreOptions): Promise<Store> {
  const { model } = options;
  const device = options.disk ?? disk;
  const notices: string[] = [];
  const notice = (text: string) => notices.push(text);
  const database = await device.open(directory, notice);
  const records = createRecords();
  try {
    const upgrade = await layoutUpgrade(database, records, directory);
    const epoch = (await lastEpoch(database, records, notice)) + 1;
    // On disk before anyone sees it: an epoch used twice would give two windows one id.
    const counted: Write = { type: 'put', key: EPOCH_KEY, value: records.writeEpoch(epoch) };
    await database.batch([...upgrade, counted], { sync: true });
    const contents = await readContents(database, records, model);
    if (contents.damaged > 0) {
      notice(`${contents.damaged} records in ${directory} are damaged or of a newer version; skipped, not deleted`);
    }
    const others = await otherModels(database, model);
    if (others.length > 0) {
      notice(
        `${directory} also keeps what was learned for other models (${others.join(', ')}); kept aside, not applied`,
      );
    }
    const lasting = createLasting(database, {
      ...{ directory, disk: device, notice: options.notice ?? notice },
      monotonicMs: options.monotonicMs ?? (() => performance.now()),
      trouble: options.trouble ?? (() => {}),
      well: options.well ?? (() => {}),
    });
    const labellers = await storedLabellers(database, records, notice);
    return { epoch, notices, skipped: contents.damaged, labellers, ...createState(lasting, records, model, contents) };
  } catch (error) {
    await database.close();
    throw error instanceof NodeError ? error : unwritable(directory, error);
  }
}

/** Reading and writing the state of one model; holds indices only, never features. */
function createState(
  lasting: LastingDatabase,
  records: Records,
  model: string,
  contents: Contents,
): Omit<Store, 'epoch' | 'notices' | 'skipped' | 'labellers'> {
  const queue = createWriteQueue(lasting.write);
  const index = createJournalIndex();
  for (const entry of contents.entries) index.add(entry);
  const { labels } = contents;
  const [last, secondLast] = contents.snapshots;
  let snapshotNumber = last?.number ?? -1;
  let through = last?.through ?? secondLast?.through ?? -1;
  let snapshotWritten: Promise<unknown> = Promise.resolve();

  const writeSnapshot = async (bytes: Uint8Array, covered: number): Promise<void> => {
    const number = snapshotNumber + 1;
    const value = records.writeSnapshot({ number, through: covered, bytes });
    const writes: Write[] = [{ type: 'put', key: snapshotKey(model, number), value }];
    // Should this snapshot turn out torn, the one before it is loaded: entries that only this one covers must stay.
    const superfluous = index.superfluous(through);
    for (const sequence of superfluous) writes.push({ type: 'del', key: entryKey(model, sequence) });
    await queue.write(writes);
    // Not before: a snapshot that could not be written covers nothing, and the next one takes its place.
    index.forget(superfluous);
    snapshotNumber = number;
    through = covered;
  };

  return {
    labels,
    load: async () => {
      await queue.idle();
      const { snapshots, entries } = await readContents(await lasting.reading(), records, model);
      const covered = snapshots[0]?.through ?? -1;
      return {
        snapshot: snapshots[0]?.bytes ?? null,
        journal: entries.filter((entry) => index.isNeeded(entry, covered)),
      };
    },
    putEntry: async (entry) => {
      index.add(entry);
      const writes: Write[] = [
        { type: 'put', key: entryKey(model, entry.sequence), value: records.writeEntry(entry) },
        { type: 'put', key: labelKey(model, entry.window), value: records.writeLabel(entry.label) },
      ];
      for (const window of forget(labels)) writes.push({ type: 'del', key: labelKey(model, window) });
      await queue.write(writes);
      labels.set(entry.window, entry.label);
    },
    putLabellers: async (trackRecords) => {
      await queue.write([{ type: 'put', key: LABELLERS_KEY, value: records.writeLabellers(trackRecords) }]);
    },
    putSnapshot: (bytes) => {
      const covered = index.newest;
      const written = snapshotWritten.then(() => writeSnapshot(bytes, covered));
      snapshotWritten = written.catch(() => {});
      return written;
    },
    close: async () => {
      await snapshotWritten;
      await queue.idle();
      await lasting.close();
    },
  };
}

/** Drops the oldest labels above the bound and names them. */
function* forget(labels: Map<string, number>): Generator<string> {
  for (const window of labels.keys()) {
    if (labels.size < KNOWN_LABELS_MAX) return;
    labels.delete(window);
    yield window;
  }
}
