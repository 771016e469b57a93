import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { type Archive, readArchive, writeArchive } from '../../firmware/io/store/archive.ts';
import { createRecords } from '../../firmware/io/store/records.ts';
import { readState, replaceState, resetState } from '../../firmware/io/store/transfer.ts';
import { openStore } from '../../firmware/io/store.ts';
import type { JournalEntry } from '../../firmware/journal.ts';
import { seeded } from '../support/models.ts';

const MODEL = 'aaaaaaaaaaaaaaaa';
const OTHER = 'bbbbbbbbbbbbbbbb';
const NOW_MS = Date.UTC(2027, 4, 3);

interface Context {
  folder: string;
  old: string;
  fresh: string;
}

const transfer = suite<Context>('state: export, import, reset');

const entry = (sequence: number, window: string): JournalEntry => ({
  ...{ slot: sequence, sequence, window, label: sequence % 3 },
  features: Float32Array.of(sequence, 0.25),
});

/** What a gateway learned in one boot with one model. */
const learn = async (directory: string, model: string): Promise<number> => {
  const store = await openStore(directory, { model });
  for (let n = 0; n < 3; n++) await store.putEntry(entry(n, `${store.epoch}-${n}`));
  await store.putSnapshot(new TextEncoder().encode(`learned by ${model}`));
  await store.close();
  return store.epoch;
};

transfer.before.each(async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-transfer-'));
  Object.assign(context, { folder, old: join(folder, 'old'), fresh: join(folder, 'fresh') });
  await learn(context.old, MODEL);
  await learn(context.old, OTHER);
});
transfer.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'done';
  } catch (error) {
    if (error instanceof NodeError) return error.code;
    throw error;
  }
};

const exported = async (directory: string): Promise<Uint8Array> => writeArchive((await readState(directory)).archive);

transfer(
  'a gateway that takes the place of a dead one knows all it knew, and repeats no window id',
  async (context) => {
    const { old, fresh } = context;
    const { archive, summary } = await readState(old);
    assert.equal(summary, { models: 2, labels: 6, snapshots: 2, epoch: 2, damaged: 0 });
    const file = await writeArchive(archive);
    // The old one goes on for a while before it dies.
    const used = new Set([1, 2, await learn(old, MODEL), await learn(old, MODEL)]);
    await replaceState(fresh, await readArchive(file), { replace: false, unixMs: NOW_MS });
    for (const model of [MODEL, OTHER]) {
      const store = await openStore(fresh, { model });
      assert.not.ok(used.has(store.epoch));
      used.add(store.epoch);
      const { snapshot, journal } = await store.load();
      assert.is(new TextDecoder().decode(snapshot!), `learned by ${model}`);
      const epoch = model === MODEL ? 1 : 2;
      assert.equal(
        journal,
        [0, 1, 2].map((n) => entry(n, `${epoch}-${n}`)),
      );
      assert.is(store.labels.get(`${epoch}-2`), 2, 'a label sent again is still a duplicate');
      await store.close();
    }
    // The second one dies as well, and the same file goes onto a third.
    const third = join(context.folder, 'third');
    await replaceState(third, await readArchive(file), { replace: false, unixMs: NOW_MS + 60_000 });
    const store = await openStore(third, { model: MODEL });
    assert.not.ok(used.has(store.epoch));
    assert.ok(store.epoch < 1_000_000_000, 'a window id holds nine digits');
    await store.close();
  },
);

transfer('what was learned before is replaced only when that is asked for, and then whole', async ({ old, fresh }) => {
  const file = await exported(old);
  const third = 'cccccccccccccccc';
  const epoch = await learn(fresh, third);
  const before = (await readState(fresh)).archive;
  const importing = async (replace: boolean): Promise<unknown> =>
    replaceState(fresh, await readArchive(file), { replace, unixMs: NOW_MS });
  assert.is(await codeOf(importing(false)), 'stateNotEmpty');
  assert.equal((await readState(fresh)).archive, before);
  await importing(true);
  const after = await readState(fresh);
  assert.is(after.summary.models, 2);
  assert.ok(after.summary.epoch > epoch);
  assert.equal(after.archive.records, (await readState(old)).archive.records);
});

transfer('a file that is cut, changed or something else is refused before anything is touched', async (context) => {
  const { old, fresh } = context;
  const file = await exported(old);
  const attempt = async (bytes: Uint8Array): Promise<string> =>
    codeOf(readArchive(bytes).then((archive) => replaceState(fresh, archive, { replace: true, unixMs: NOW_MS })));
  for (let length = 0; length < file.length; length += 7) {
    assert.is(await attempt(file.subarray(0, length)), 'archiveDamaged', `cut at ${length}`);
  }
  const content = gunzipSync(file);
  const random = seeded(5);
  for (let n = 0; n < 300; n++) {
    const changed = Uint8Array.from(content);
    changed[Math.floor(random() * changed.length)]! ^= 1 << Math.floor(random() * 8);
    assert.is(await attempt(gzipSync(changed)), 'archiveDamaged');
  }
  assert.is(await attempt(new Uint8Array(0)), 'archiveDamaged');
  assert.is(await attempt(new TextEncoder().encode('{"site": "demo"}')), 'archiveDamaged');
  assert.is(await codeOf(readArchive(gzipSync(new Uint8Array(100_000)), 50_000)), 'archiveDamaged', 'a bomb');
  assert.not.ok(existsSync(fresh));
});

transfer('a well-made file with something else inside is refused as well', async ({ old, fresh }) => {
  const { archive } = await readState(old);
  const { writeLabel } = createRecords();
  const attempt = async (change: Partial<Archive>): Promise<string> => {
    const file = await writeArchive({ ...archive, ...change });
    return codeOf(readArchive(file).then((read) => replaceState(fresh, read, { replace: true, unixMs: NOW_MS })));
  };
  const withRecord = (key: string, value: Uint8Array): Partial<Archive> => ({
    records: [...archive.records, [key, value] as const],
  });
  assert.is(await attempt(withRecord('epoch', createRecords().writeEpoch(0))), 'archiveDamaged');
  assert.is(await attempt(withRecord('model/../../etc/label/1', writeLabel(1))), 'archiveDamaged');
  assert.is(await attempt(withRecord(`model/${MODEL}/entry/${'0'.repeat(16)}`, writeLabel(1))), 'archiveDamaged');
  assert.is(await attempt({ layout: 3 }), 'archiveNewer');
  assert.is(await attempt({ epoch: -1 }), 'archiveDamaged');
  assert.not.ok(existsSync(fresh));
  assert.is(await attempt({}), 'done');
});

transfer('with a clock that is years back, nothing is imported: windows would be numbered by it', async (context) => {
  const archive = await readArchive(await exported(context.old));
  const importing = replaceState(context.fresh, archive, { replace: false, unixMs: 5_000 });
  assert.is(await codeOf(importing), 'clockWrong');
  assert.not.ok(existsSync(context.fresh));
});

transfer('a damaged record is left out of an export and counted', async ({ old }) => {
  const { openDatabase } = await import('../../firmware/io/store/open.ts');
  const database = await openDatabase(old, () => {});
  await database.put(`model/${MODEL}/snapshot/a`, Uint8Array.of(1, 2, 3));
  await database.close();
  const { archive, summary } = await readState(old);
  assert.is(summary.damaged, 1);
  assert.is(summary.snapshots, 1);
  assert.ok(archive.records.every(([key]) => key !== `model/${MODEL}/snapshot/a`));
});

transfer('a reset forgets what was learned, not how far windows were numbered', async ({ old }) => {
  assert.equal((await resetState(old, false)).labels, 6);
  assert.is((await readState(old)).summary.labels, 6, 'only counted');
  await resetState(old, true);
  assert.is(await codeOf(readState(old)), 'stateEmpty');
  const store = await openStore(old, { model: MODEL });
  assert.is(store.epoch, 3);
  assert.equal(await store.load(), { snapshot: null, journal: [] });
  await store.close();
});

transfer('while a node runs on it, a state is left alone', async ({ old, fresh }) => {
  const archive = await readArchive(await exported(old));
  const running = await openStore(old, { model: MODEL });
  assert.is(await codeOf(readState(old)), 'storeLocked');
  assert.is(await codeOf(resetState(old, true)), 'storeLocked');
  assert.is(await codeOf(replaceState(old, archive, { replace: true, unixMs: NOW_MS })), 'storeLocked');
  await running.close();
  assert.is(await codeOf(readState(fresh)), 'stateMissing');
});

transfer.run();
