import type { JournalEntry } from '../journal.ts';
import { type Contents, nextEpoch, otherModels, readContents } from './store/contents.ts';
import { createJournalIndex } from './store/journal-index.ts';
import { entryKey, labelKey, snapshotKey } from './store/keys.ts';
import { openDatabase } from './store/open.ts';
import { createRecords, type Records } from './store/records.ts';
import { createWriteQueue, type Database, type Write } from './store/write-queue.ts';

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
  load(): Promise<StoredState>;
  /** Resolves once the entry survives power loss; entries that wait share one fsync. Order of calls is kept. */
  putEntry(entry: JournalEntry): Promise<void>;
  /** The snapshot must contain every entry put before this call. Resolves once it survives power loss. */
  putSnapshot(bytes: Uint8Array): Promise<void>;
  /** Waits for what is being written, then releases the directory. */
  close(): Promise<void>;
}

/**
 * The node's memory on disk (LevelDB). What was learned belongs to one model, named by its hash: the state of any other
 * model stays where it is, neither applied nor deleted.
 *
 * @param options.model hash of the model file in hexadecimal
 * @throws NodeError `storeLocked`, `storeOpen`
 */
export async function openStore(directory: string, options: { model: string }): Promise<Store> {
  const notices: string[] = [];
  const notice = (text: string) => notices.push(text);
  const database = await openDatabase(directory, notice);
  const records = createRecords();
  const epoch = await nextEpoch(database, records, notice);
  const contents = await readContents(database, records, options.model);
  if (contents.damaged > 0) {
    notice(`${contents.damaged} records in ${directory} are damaged or of a newer version; skipped, not deleted`);
  }
  const others = await otherModels(database, options.model);
  if (others.length > 0) {
    notice(`${directory} also keeps what was learned for other models (${others.join(', ')}); kept aside, not applied`);
  }
  return { epoch, notices, skipped: contents.damaged, ...createState(database, records, options.model, contents) };
}

/** Reading and writing the state of one model; holds indices only, never features. */
function createState(
  database: Database,
  records: Records,
  model: string,
  contents: Contents,
): Omit<Store, 'epoch' | 'notices' | 'skipped'> {
  const queue = createWriteQueue(database);
  const index = createJournalIndex();
  for (const entry of contents.entries) index.add(entry);
  const { labels } = contents;
  const [last, secondLast] = contents.snapshots;
  let snapshotNumber = last?.number ?? -1;
  let through = last?.through ?? secondLast?.through ?? -1;

  return {
    labels,
    load: async () => {
      await queue.idle();
      const { snapshots, entries } = await readContents(database, records, model);
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
    putSnapshot: (bytes) => {
      snapshotNumber += 1;
      const key = snapshotKey(model, snapshotNumber);
      const value = records.writeSnapshot({ number: snapshotNumber, through: index.newest, bytes });
      const writes: Write[] = [{ type: 'put', key, value }];
      // Should this snapshot turn out torn, the one before it is loaded: entries that only this one covers must stay.
      for (const sequence of index.takeSuperfluous(through)) {
        writes.push({ type: 'del', key: entryKey(model, sequence) });
      }
      through = index.newest;
      return queue.write(writes);
    },
    close: async () => {
      await queue.idle();
      await database.close();
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
