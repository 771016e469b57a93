import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { createJournalIndex } from '../../firmware/io/store/journal-index.ts';
import { createRecords } from '../../firmware/io/store/records.ts';
import { KNOWN_LABELS_MAX, openStore } from '../../firmware/io/store.ts';
import type { JournalEntry } from '../../firmware/journal.ts';

const MODEL = 'aaaaaaaaaaaaaaaa';
const OTHER = 'bbbbbbbbbbbbbbbb';

const entry = (sequence: number, slot: number, window = `1-${sequence}`): JournalEntry => {
  return { slot, sequence, window, label: sequence % 3, features: Float32Array.of(sequence, -0.5, 1e-7) };
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (snapshot: Uint8Array | null): string | null => snapshot && new TextDecoder().decode(snapshot);

const store = suite<{ directory: string }>('store');

store.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'myrmex-store-'));
});
store.after.each(({ directory }) => rm(directory, { recursive: true, force: true }));

/** Overwrites one record behind the store's back. */
async function tamper(directory: string, key: string, change: (value: Uint8Array) => Uint8Array): Promise<void> {
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  const value = await database.get(key);
  assert.ok(value !== undefined, `no record ${key}`);
  await database.put(key, change(Uint8Array.from(value)));
  await database.close();
}

const torn = (value: Uint8Array): Uint8Array => value.subarray(0, value.length / 2);
const flipped = (value: Uint8Array): Uint8Array => value.with(value.length - 1, value.at(-1)! ^ 1);

store('track records of labellers come back for any model; damaged ones are said to be lost', async ({ directory }) => {
  const labellers = [
    { by: 'ann', right: 3.25, wrong: 0 },
    { by: '', right: 0, wrong: 1 },
  ];
  const first = await openStore(directory, { model: MODEL });
  assert.equal(first.labellers, []);
  await first.putLabellers(labellers);
  await first.close();
  const second = await openStore(directory, { model: OTHER });
  assert.equal(second.labellers, labellers);
  await second.close();
  await tamper(directory, 'labellers', flipped);
  const third = await openStore(directory, { model: MODEL });
  assert.equal(third.labellers, []);
  assert.match(third.notices.join(), /track records of the labellers were damaged/);
  await third.close();
});

store('entries, snapshot and epoch come back', async ({ directory }) => {
  const first = await openStore(directory, { model: MODEL });
  assert.is(first.epoch, 1);
  assert.equal(await first.load(), { snapshot: null, journal: [] });
  await Promise.all([entry(0, 4), entry(1, 2), entry(2, 9)].map((each) => first.putEntry(each)));
  await first.putSnapshot(bytes('learned'));
  await first.close();

  const second = await openStore(directory, { model: MODEL });
  assert.is(second.epoch, 2);
  const { snapshot, journal } = await second.load();
  assert.is(textOf(snapshot), 'learned');
  assert.equal(journal, [entry(0, 4), entry(1, 2), entry(2, 9)]);
  assert.equal(
    [...second.labels],
    [
      ['1-0', 0],
      ['1-1', 1],
      ['1-2', 2],
    ],
  );
  assert.equal(second.notices, []);
  await second.close();
});

store('a label is known from the moment its entry is on disk, not before', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  const writing = opened.putEntry(entry(0, 0));
  assert.not.ok(opened.labels.has('1-0'));
  await writing;
  assert.is(opened.labels.get('1-0'), 0);
  await opened.close();
});

store('a replaced entry stays until two snapshots contain it', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  const sequences = async (): Promise<number[]> => (await opened.load()).journal.map((each) => each.sequence);
  await opened.putEntry(entry(0, 5));
  await opened.putEntry(entry(1, 5));
  assert.equal(await sequences(), [0, 1], 'not learned yet, as far as the disk knows');
  await opened.putSnapshot(bytes('a'));
  assert.equal(await sequences(), [1], 'learned, and gone from the replay buffer');
  await opened.close();
  // The newest snapshot is torn and none is older: entry 0 is needed again, and still there.
  await tamper(directory, `model/${MODEL}/snapshot/a`, torn);
  const again = await openStore(directory, { model: MODEL });
  assert.equal(
    (await again.load()).journal.map((each) => each.sequence),
    [0, 1],
  );
  await again.close();
});

store('a torn snapshot falls back to the one before it', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  for (const text of ['one', 'two', 'three']) {
    await opened.putEntry(entry(text.length, 0, `1-${text}`.replace(/[a-z]+/, String(text.length))));
    await opened.putSnapshot(bytes(text));
  }
  await opened.close();
  await tamper(directory, `model/${MODEL}/snapshot/a`, torn);
  const again = await openStore(directory, { model: MODEL });
  assert.is(textOf((await again.load()).snapshot), 'two');
  assert.is(again.skipped, 1);
  assert.match(again.notices.join(), /1 records .* skipped/);
  await again.putSnapshot(bytes('four'));
  await again.close();
  const last = await openStore(directory, { model: MODEL });
  assert.is(textOf((await last.load()).snapshot), 'four', 'and the next one goes over the torn one');
  assert.is(last.skipped, 0);
  await last.close();
});

store(
  'damaged entries, and entries of a newer version, are skipped, counted and left where they are',
  async ({ directory }) => {
    const opened = await openStore(directory, { model: MODEL });
    for (let i = 0; i < 4; i++) await opened.putEntry(entry(i, i));
    await opened.close();
    const key = (sequence: number): string => `model/${MODEL}/entry/${String(sequence).padStart(16, '0')}`;
    await tamper(directory, key(0), flipped);
    await tamper(directory, key(1), () => createRecords().writeLabel(2));
    await tamper(directory, key(2), () => new Uint8Array(0));
    for (let round = 0; round < 2; round++) {
      const again = await openStore(directory, { model: MODEL });
      assert.equal((await again.load()).journal, [entry(3, 3)]);
      assert.is(again.skipped, 3);
      await again.close();
    }
  },
);

store('a damaged boot counter does not give an epoch out twice', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  await opened.putEntry(entry(0, 0, '41-7'));
  await opened.close();
  await tamper(directory, 'epoch', flipped);
  const again = await openStore(directory, { model: OTHER });
  assert.is(again.epoch, 42);
  assert.match(again.notices.join(), /boot counter was damaged/);
  await again.close();
});

store(
  'what another model learned is kept aside, said, and there again when that model returns',
  async ({ directory }) => {
    const first = await openStore(directory, { model: MODEL });
    await first.putEntry(entry(0, 0));
    await first.putSnapshot(bytes('of the first model'));
    await first.close();
    const other = await openStore(directory, { model: OTHER });
    assert.equal(await other.load(), { snapshot: null, journal: [] });
    assert.is(other.labels.size, 0);
    assert.is(other.epoch, 2);
    assert.match(other.notices.join(), new RegExp(`${MODEL}.*kept aside`));
    await other.putEntry(entry(0, 0));
    await other.close();
    const back = await openStore(directory, { model: MODEL });
    assert.is(textOf((await back.load()).snapshot), 'of the first model');
    await back.close();
  },
);

store('a burst of labels shares its writes to the disk', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  const order: number[] = [];
  await Promise.all(Array.from({ length: 500 }, (_, i) => opened.putEntry(entry(i, i)).then(() => order.push(i))));
  assert.equal(
    order,
    Array.from({ length: 500 }, (_, i) => i),
    'in order of the calls',
  );
  assert.is((await opened.load()).journal.length, 500);
  await opened.close();
});

store('remembered labels are bounded, in memory and on disk; the oldest go', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  const extra = 40;
  for (let i = 0; i < KNOWN_LABELS_MAX + extra; i += 64) {
    const burst = Array.from({ length: 64 }, (_, j) => opened.putEntry(entry(i + j, 0)));
    await Promise.all(burst);
  }
  assert.ok(opened.labels.size <= KNOWN_LABELS_MAX + 64);
  assert.not.ok(opened.labels.has('1-0'));
  assert.ok(opened.labels.has(`1-${KNOWN_LABELS_MAX + extra - 1}`));
  await opened.close();
  const again = await openStore(directory, { model: MODEL });
  assert.ok(again.labels.size <= KNOWN_LABELS_MAX + 64, `${again.labels.size} on disk`);
  await again.close();
});

const codeOf = async (directory: string): Promise<string> => {
  try {
    await (await openStore(directory, { model: MODEL })).close();
    return 'opened';
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    assert.ok(error.message.includes(directory) && !error.message.includes('\n'), error.message);
    return error.code;
  }
};

store('a second node on the same directory is told so', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  assert.is(await codeOf(directory), 'storeLocked');
  await opened.close();
  assert.is(await codeOf(directory), 'opened');
});

store('a path that is a file, or below one, is explained', async ({ directory }) => {
  const file = join(directory, 'file');
  await writeFile(file, 'not a directory');
  assert.is(await codeOf(file), 'storeOpen');
  assert.is(await codeOf(join(file, 'state')), 'storeOpen');
});

store('a database whose table of contents is destroyed is repaired, and says so', async ({ directory }) => {
  const opened = await openStore(directory, { model: MODEL });
  await opened.putEntry(entry(0, 0));
  await opened.close();
  // Opening once more moves the entry from the log into a table file, which a repair reads.
  await (await openStore(directory, { model: MODEL })).close();
  const manifest = (await readdir(directory)).find((name) => name.startsWith('MANIFEST'));
  const file = await open(join(directory, manifest!), 'r+');
  await file.truncate(3);
  await file.close();
  const again = await openStore(directory, { model: MODEL });
  assert.match(again.notices.join(), /repaired/);
  assert.is(again.epoch, 3);
  assert.equal((await again.load()).journal, [entry(0, 0)]);
  await again.close();
});
store.run();

const records = suite('store: formats are promises');

interface GoldenRecords {
  readonly epoch: { hex: string; value: number };
  readonly label: { hex: string; value: number };
  readonly entry: { hex: string; value: Omit<JournalEntry, 'features'> & { features: number[] } };
  readonly snapshot: { hex: string; value: { number: number; through: number; bytes: number[] } };
  readonly emptySnapshot: { hex: string; value: { number: number; through: number; bytes: number[] } };
}

records('golden records still open, and are still what is written', async () => {
  const path = fileURLToPath(new URL('../vectors/store-v1.json', import.meta.url));
  const golden = JSON.parse(await readFile(path, 'utf8')) as GoldenRecords;
  const { writeEpoch, readEpoch, writeLabel, readLabel, writeEntry, readEntry, writeSnapshot, readSnapshot } =
    createRecords();
  const of = ({ hex }: { hex: string }): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
  const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
  assert.is(readEpoch(of(golden.epoch)), golden.epoch.value);
  assert.is(hex(writeEpoch(golden.epoch.value)), golden.epoch.hex);
  assert.is(readLabel(of(golden.label)), golden.label.value);
  assert.is(hex(writeLabel(golden.label.value)), golden.label.hex);
  const stored = { ...golden.entry.value, features: Float32Array.from(golden.entry.value.features) };
  assert.equal(readEntry(of(golden.entry)), stored);
  assert.is(hex(writeEntry(stored)), golden.entry.hex);
  for (const each of [golden.snapshot, golden.emptySnapshot]) {
    const snapshot = { ...each.value, bytes: Uint8Array.from(each.value.bytes) };
    assert.equal(readSnapshot(of(each)), snapshot);
    assert.is(hex(writeSnapshot(snapshot)), each.hex);
  }
});

records('one wrong bit anywhere in a record is noticed', () => {
  const { writeEntry, readEntry } = createRecords();
  const value = writeEntry(entry(7, 3));
  for (let bit = 0; bit < value.length * 8; bit++) {
    const damaged = Uint8Array.from(value);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assert.is(readEntry(damaged), null, `bit ${bit}`);
  }
});

records('which entries are still needed', () => {
  const index = createJournalIndex();
  for (const [sequence, slot] of [
    [0, 5],
    [1, 6],
    [2, 5],
    [3, 5],
  ] as const)
    index.add({ sequence, slot });
  assert.is(index.newest, 3);
  assert.ok(index.isNeeded({ sequence: 3, slot: 5 }, 3), 'the holder of a slot always is');
  assert.ok(index.isNeeded({ sequence: 2, slot: 5 }, 1), 'a replaced one until it is learned');
  assert.not.ok(index.isNeeded({ sequence: 2, slot: 5 }, 2));
  assert.equal(index.superfluous(1), [0]);
  assert.equal(index.superfluous(9), [0, 2]);
  index.forget([0]);
  assert.equal(index.superfluous(9), [2]);
  index.add({ sequence: 3, slot: 5 });
  assert.equal(index.superfluous(9), [2], 'writing an entry again replaces nothing');
});
records.run();
