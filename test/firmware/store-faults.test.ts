import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { diskTrouble } from '../../firmware/io/store/disk-trouble.ts';
import { openStore, type Store } from '../../firmware/io/store.ts';
import type { JournalEntry } from '../../firmware/journal.ts';
import { createFaultyDisk, diskError, type FaultyDisk } from '../support/faulty-disk.ts';

const MODEL = 'aaaaaaaaaaaaaaaa';
const FULL = diskError('No space left on device');

interface Context {
  directory: string;
  disk: FaultyDisk;
  clock: { now: number };
  said: string[];
  open: () => Promise<Store>;
}

const faults = suite<Context>('store: a disk that fails');

faults.before.each(async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'myrmex-faults-'));
  const disk = createFaultyDisk();
  const clock = { now: 0 };
  const said: string[] = [];
  const open = (): Promise<Store> =>
    openStore(directory, {
      ...{ model: MODEL, disk, monotonicMs: () => clock.now },
      trouble: (text) => said.push(text),
      well: () => said.push('well'),
    });
  Object.assign(context, { directory, disk, clock, said, open });
});
faults.after.each(({ directory }) => rm(directory, { recursive: true, force: true }));

const entry = (sequence: number): JournalEntry => ({
  ...{ slot: sequence, sequence, window: `1-${sequence}`, label: sequence % 3 },
  features: Float32Array.of(sequence, 0.5),
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (snapshot: Uint8Array | null): string | null => snapshot && new TextDecoder().decode(snapshot);

/** The code with which a promise is rejected, or what it resolves with. */
const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof NodeError) return error.code;
    throw error;
  }
};

faults('a full disk refuses labels, says why, and is used again by itself when it has room', async (context) => {
  const { disk, clock, said, open } = context;
  const store = await open();
  await store.putEntry(entry(0));
  disk.failure = FULL;
  assert.is(await codeOf(store.putEntry(entry(1))), 'storeWrite');
  assert.not.ok(store.labels.has('1-1'), 'not acknowledged');
  assert.match(said[0]!, /nothing can be written to .*: the disk is full: free some space .*; decisions go on/);
  // Reading goes on: a compute worker may need to be replaced just now.
  assert.equal((await store.load()).journal, [entry(0)]);
  disk.failure = null;
  assert.is(await codeOf(store.putEntry(entry(1))), 'storeWrite', 'not before the pause is over');
  clock.now += 1_000;
  await store.putEntry(entry(1));
  assert.is(said.at(-1), 'well');
  assert.is(disk.counts.opened, 2, 'the database that had failed was opened again');
  await store.putEntry(entry(2));
  await store.close();
  const again = await open();
  assert.equal((await again.load()).journal, [entry(0), entry(1), entry(2)]);
  assert.is(again.epoch, 2);
  await again.close();
});

faults(
  'it is tried with growing pauses, half a minute at most, and the same trouble is one trouble',
  async (context) => {
    const { disk, clock, said, open } = context;
    const store = await open();
    disk.failure = FULL;
    const triedAt: number[] = [];
    for (; clock.now < 121_000; clock.now += 500) {
      const before = disk.counts.probed;
      assert.is(await codeOf(store.putEntry(entry(0))), 'storeWrite');
      if (disk.counts.probed > before) triedAt.push(clock.now);
    }
    assert.equal(triedAt, [1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000]);
    assert.is(new Set(said).size, 1);
    await store.close();
  },
);

faults('a database that cannot be opened again is opened later', async (context) => {
  const { disk, clock, said, open } = context;
  const store = await open();
  await store.putEntry(entry(0));
  disk.failure = diskError('Input/output error');
  assert.is(await codeOf(store.putEntry(entry(1))), 'storeWrite');
  assert.match(said[0]!, /the disk fails: see dmesg/);
  // The probe finds room, and then it is gone again.
  const { probe } = disk;
  disk.probe = async () => {};
  clock.now += 1_000;
  assert.is(await codeOf(store.putEntry(entry(1))), 'storeWrite');
  disk.failure = null;
  disk.probe = probe;
  assert.equal((await store.load()).journal, [entry(0)], 'what wants to read opens it');
  clock.now += 2_000;
  await store.putEntry(entry(1));
  assert.is(said.at(-1), 'well');
  await store.close();
});

for (let failing = 0; failing < 8; failing++) {
  faults(`whichever write fails, here the ${failing + 1}th, nothing acknowledged is lost`, async (context) => {
    const { disk, clock, open } = context;
    const store = await open();
    disk.failure = FULL;
    disk.writesLeft = failing;
    const acknowledged: number[] = [];
    let covered = -1;
    const put = async (sequence: number): Promise<boolean> => {
      const stored = (await codeOf(store.putEntry({ ...entry(sequence), slot: sequence % 2 }))) === undefined;
      if (stored) acknowledged.push(sequence);
      return stored;
    };
    for (let sequence = 0; sequence < 8; sequence++) {
      if (!(await put(sequence))) {
        disk.failure = null;
        clock.now += 1_000;
        assert.ok(await put(sequence), 'sent again');
      }
      // The pipeline's stands for all labels so far.
      if ((await codeOf(store.putSnapshot(bytes(String(sequence))))) === undefined) covered = sequence;
      else {
        disk.failure = null;
        clock.now += 1_000;
      }
    }
    await store.close();
    const again = await open();
    const { snapshot, journal } = await again.load();
    assert.is(Number(textOf(snapshot)), covered);
    assert.is(again.labels.size, 8);
    const there = new Set(journal.map(({ sequence }) => sequence));
    assert.equal(
      acknowledged.filter((sequence) => sequence > covered && !there.has(sequence)),
      [],
    );
    assert.is(covered, 7);
    await again.close();
  });
}

faults('a snapshot that could not be written does not count as the one before the next', async (context) => {
  const { disk, clock, directory, open } = context;
  const store = await open();
  const one = (sequence: number): JournalEntry => ({ ...entry(sequence), slot: 0 });
  await store.putEntry(one(0));
  await store.putSnapshot(bytes('a'));
  await store.putEntry(one(1));
  disk.failure = FULL;
  assert.is(await codeOf(store.putSnapshot(bytes('b'))), 'storeWrite');
  disk.failure = null;
  clock.now += 1_000;
  await store.putEntry(one(2));
  await store.putSnapshot(bytes('c'));
  await store.close();
  // Both places are in use, and should the newer be torn, the entries that the older does not contain are there.
  const raw = await (await import('../../firmware/io/store/open.ts')).openDatabase(directory, () => {});
  assert.ok((await raw.get(`model/${MODEL}/snapshot/a`)) !== undefined);
  const newer = await raw.get(`model/${MODEL}/snapshot/b`);
  await raw.put(`model/${MODEL}/snapshot/b`, newer!.subarray(0, 12));
  await raw.close();
  const again = await open();
  const { snapshot, journal } = await again.load();
  assert.is(textOf(snapshot), 'a');
  assert.equal(
    journal.map(({ sequence }) => sequence),
    [1, 2],
  );
  await again.close();
});

faults('slow writes keep their order, and closing waits for them', async (context) => {
  const { disk, open } = context;
  const store = await open();
  let go = (): void => {};
  disk.slow = new Promise((resolve) => {
    go = resolve;
  });
  const order: string[] = [];
  const work = [
    store.putEntry(entry(0)).then(() => order.push('entry 0')),
    store.putSnapshot(bytes('0')).then(() => order.push('snapshot')),
    store.putEntry(entry(1)).then(() => order.push('entry 1')),
  ];
  const closed = store.close().then(() => order.push('closed'));
  assert.equal(order, []);
  go();
  await Promise.all([...work, closed]);
  assert.is(order.at(0), 'entry 0');
  assert.is(order.at(-1), 'closed');
  const again = await open();
  assert.is((await again.load()).journal.length, 2);
  await again.close();
});

faults('what errno says becomes what a person can do', () => {
  for (const [text, advice] of [
    ['No space left on device', /full: free some space/],
    ['Read-only file system', /read-only.*remount/],
    ['Permission denied', /chown/],
    ['File too large', /ulimit -f/],
    ['Input/output error', /replace the card/],
  ] as const) {
    assert.match(diskTrouble(diskError(text)), advice);
    assert.match(diskTrouble(new NodeError('storeWrite', 'outer', { cause: diskError(text) })), advice);
  }
  assert.match(diskTrouble(Object.assign(new Error('open failed'), { code: 'ENOSPC' })), /full/);
  assert.match(diskTrouble(new Error('sunspots')), /^sunspots; check/);
});

faults.run();
