import type { JournalEntry } from '../../journal.ts';
import type { TrackRecord } from '../../machines/label-pool.ts';
import { EPOCH_KEY, LABELLERS_KEY, MODELS, modelOfKey, rangeOf, snapshotKey, windowOfLabelKey } from './keys.ts';
import type { Records, SnapshotRecord } from './records.ts';
import type { Database } from './write-queue.ts';

/** Everything stored for one model. */
export interface Contents {
  /** Whole snapshots, newest first: none, one or two. */
  readonly snapshots: SnapshotRecord[];
  /** In order of learning. */
  readonly entries: JournalEntry[];
  /** Class index by window id, oldest window first. */
  readonly labels: Map<string, number>;
  /** Records that could not be read: damaged, or of a newer version. They stay on disk. */
  readonly damaged: number;
}

export async function readContents(database: Database, records: Records, model: string): Promise<Contents> {
  const snapshots: SnapshotRecord[] = [];
  const entries: JournalEntry[] = [];
  const labels = new Map<string, number>();
  let damaged = 0;
  for (const number of [0, 1]) {
    const value = await database.get(snapshotKey(model, number));
    const snapshot = value === undefined ? null : records.readSnapshot(value);
    if (snapshot !== null) snapshots.push(snapshot);
    else if (value !== undefined) damaged += 1;
  }
  for await (const value of database.values(rangeOf(model, 'entry'))) {
    const entry = records.readEntry(value);
    if (entry !== null) entries.push(entry);
    else damaged += 1;
  }
  for await (const [key, value] of database.iterator(rangeOf(model, 'label'))) {
    const label = records.readLabel(value);
    if (label !== null) labels.set(windowOfLabelKey(key), label);
    else damaged += 1;
  }
  snapshots.sort((a, b) => b.number - a.number);
  return { snapshots, entries, labels, damaged };
}

/** Hashes of the other models that have state here; one seek per model. */
export async function otherModels(database: Database, model: string): Promise<string[]> {
  const found: string[] = [];
  let from: string = MODELS.gte;
  for (;;) {
    const [key] = await database.keys({ gte: from, lt: MODELS.lt, limit: 1 }).all();
    if (key === undefined) return found;
    const other = modelOfKey(key);
    if (other !== model) found.push(other);
    from = `model/${other}0`;
  }
}

/** Track records of the labellers; none when there are none, or when they are damaged. */
export async function storedLabellers(
  database: Database,
  records: Records,
  notice: (text: string) => void,
): Promise<readonly TrackRecord[]> {
  const value = await database.get(LABELLERS_KEY);
  const found = value === undefined ? [] : records.readLabellers(value);
  if (found === null) notice('the track records of the labellers were damaged; all are believed alike again');
  return found ?? [];
}

/**
 * The last epoch given out, 0 for none. If the counter itself is unreadable: the highest that any remembered label
 * names.
 */
export async function lastEpoch(database: Database, records: Records, notice: (text: string) => void): Promise<number> {
  const value = await database.get(EPOCH_KEY);
  let last = value === undefined ? 0 : records.readEpoch(value);
  if (last === null) {
    last = 0;
    for await (const key of database.keys(MODELS)) {
      if (key.includes('/label/')) last = Math.max(last, Number.parseInt(windowOfLabelKey(key), 10));
    }
    notice(`the boot counter was damaged; it goes on from ${last + 1}`);
  }
  return last;
}
