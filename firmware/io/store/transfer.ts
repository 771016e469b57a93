import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NodeError } from '../../errors.ts';
import { type Archive, damaged } from './archive.ts';
import { lastEpoch } from './contents.ts';
import { EPOCH_KEY, isModelKey, kindOfKey, LAYOUT_KEY, MODELS, modelOfKey } from './keys.ts';
import { LAYOUT, layoutUpgrade } from './layout.ts';
import { openDatabase, unwritable } from './open.ts';
import { createRecords, type Records } from './records.ts';
import type { Database, Write } from './write-queue.ts';

/** What lies in a state, counted. */
export interface StateSummary {
  readonly models: number;
  readonly labels: number;
  readonly snapshots: number;
  /** The last epoch given out. */
  readonly epoch: number;
  /** Records that could not be read; they are left out of an export. */
  readonly damaged: number;
}

/** Epochs given by an import are seconds since 2024: later than any a boot counter has reached, boot after boot. */
const EPOCH_ZERO_MS = Date.UTC(2024, 0, 1);
/** This software is younger than that: a clock that shows an earlier day is wrong. */
const CLOCK_MS_MIN = Date.UTC(2025, 0, 1);

/** @throws NodeError `stateMissing`, `stateEmpty`, `storeLocked`, `storeOpen`, `storeNewer` */
export async function readState(directory: string): Promise<{ archive: Archive; summary: StateSummary }> {
  requireState(directory);
  return withDatabase(directory, async (database, records) => {
    const epoch = await lastEpoch(database, records, () => {});
    const kept: [string, Uint8Array][] = [];
    let damaged = 0;
    for await (const [key, value] of database.iterator(MODELS)) {
      if (isSound(records, key, value)) kept.push([key, Uint8Array.from(value)]);
      else damaged += 1;
    }
    if (kept.length === 0) throw new NodeError('stateEmpty', `nothing was learned yet in ${directory}`);
    const archive = { layout: LAYOUT, epoch, records: kept };
    return { archive, summary: { ...summaryOf(archive), damaged } };
  });
}

/**
 * Puts an archive in the place of what a directory holds: all of it or, should the power fail, nothing. The next epoch
 * is above every one that the exported node can have used since, so no window id is given out twice.
 *
 * @throws NodeError `archiveDamaged`, `archiveNewer`, `stateNotEmpty`, `clockWrong`, `storeLocked`, `storeOpen`, …
 */
export async function replaceState(
  directory: string,
  archive: Archive,
  { replace, unixMs }: { replace: boolean; unixMs: number },
): Promise<StateSummary> {
  if (archive.layout > LAYOUT) {
    const what = `it was exported by a newer version of myrmex (layout ${archive.layout})`;
    throw new NodeError('archiveNewer', `${what}: install that one`);
  }
  const records = createRecords();
  for (const [key, value] of archive.records) {
    if (!isSound(records, key, value)) throw damaged(`the record ${key} in it cannot be read`);
  }
  if (unixMs < CLOCK_MS_MIN) {
    const why = 'windows are numbered by it after an import';
    throw new NodeError('clockWrong', `the clock shows ${new Date(unixMs).toISOString()}, and ${why}: set it first`);
  }
  return withDatabase(directory, async (database) => {
    const held = await database.keys(MODELS).all();
    if (held.length > 0 && !replace) {
      const what = `${directory} holds what was learned before`;
      throw new NodeError('stateNotEmpty', `${what}: --replace replaces it, and an export before that keeps it`);
    }
    const before = await lastEpoch(database, records, () => {});
    const epoch = Math.max(Math.floor((unixMs - EPOCH_ZERO_MS) / 1_000), before + 1, archive.epoch + 1);
    const writes: Write[] = held.map((key) => ({ type: 'del', key }));
    for (const [key, value] of archive.records) writes.push({ type: 'put', key, value });
    writes.push({ type: 'put', key: EPOCH_KEY, value: records.writeEpoch(epoch) });
    writes.push({ type: 'put', key: LAYOUT_KEY, value: records.writeLayout(LAYOUT) });
    await commit(database, directory, writes);
    return summaryOf({ ...archive, epoch });
  });
}

/**
 * Forgets what was learned; the boot counter goes on, so that no window id is given out twice.
 *
 * @param confirmed false only counts what would be lost
 * @throws NodeError `stateMissing`, `storeLocked`, `storeOpen`, `storeNewer`
 */
export async function resetState(directory: string, confirmed: boolean): Promise<StateSummary> {
  requireState(directory);
  return withDatabase(directory, async (database, records) => {
    const epoch = await lastEpoch(database, records, () => {});
    const held = await database.keys(MODELS).all();
    const writes = held.map((key): Write => ({ type: 'del', key }));
    // With the keys, the labels would go that a damaged counter is restored from: so it is written anew.
    if (confirmed) {
      const counter: Write = { type: 'put', key: EPOCH_KEY, value: records.writeEpoch(epoch) };
      await commit(database, directory, [...writes, counter]);
    }
    return summaryOf({ layout: LAYOUT, epoch, records: held.map((key) => [key, new Uint8Array(0)] as const) });
  });
}

/** LevelDB applies a batch whole or not at all, also across a power cut. */
async function commit(database: Database, directory: string, writes: Write[]): Promise<void> {
  try {
    await database.batch(writes, { sync: true });
  } catch (error) {
    throw unwritable(directory, error);
  }
}

async function withDatabase<T>(
  directory: string,
  work: (database: Database, records: Records) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(directory, () => {});
  try {
    const records = createRecords();
    await layoutUpgrade(database, records, directory);
    return await work(database, records);
  } finally {
    await database.close();
  }
}

function requireState(directory: string): void {
  // LevelDB's pointer to its table of contents.
  if (existsSync(join(directory, 'CURRENT'))) return;
  throw new NodeError('stateMissing', `there is no state in ${directory}: name its directory with --state or --config`);
}

function isSound(records: Records, key: string, value: Uint8Array): boolean {
  if (!isModelKey(key)) return false;
  switch (kindOfKey(key)) {
    case 'entry':
      return records.readEntry(value) !== null;
    case 'label':
      return records.readLabel(value) !== null;
    default:
      return records.readSnapshot(value) !== null;
  }
}

function summaryOf({ records, epoch }: Archive): StateSummary {
  const keys = records.map(([key]) => key);
  const count = (kind: string): number => keys.filter((key) => kindOfKey(key) === kind).length;
  const models = new Set(keys.map(modelOfKey)).size;
  return { models, labels: count('label'), snapshots: count('snapshot'), epoch, damaged: 0 };
}
