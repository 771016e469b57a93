import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { createRecords } from '../../firmware/io/store/records.ts';
import { openStore } from '../../firmware/io/store.ts';

const MODEL = 'aaaaaaaaaaaaaaaa';

const layout = suite<{ directory: string }>('store: layouts of other versions');

layout.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'myrmex-layout-'));
});
layout.after.each(({ directory }) => rm(directory, { recursive: true, force: true }));

const contentsOf = async (directory: string): Promise<[string, string][]> => {
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  const all = await database.iterator().all();
  await database.close();
  return all.map(([key, value]) => [key, Buffer.from(value).toString('hex')]);
};

layout(
  'a directory of the first release opens: everything is there, and it says from now on what it is',
  async ({ directory }) => {
    const path = fileURLToPath(new URL('../vectors/store-v1.json', import.meta.url));
    const golden = JSON.parse(await readFile(path, 'utf8')) as Record<string, { hex: string }>;
    const of = (name: string): Uint8Array => new Uint8Array(Buffer.from(golden[name]!.hex, 'hex'));
    const old = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
    // The keys as version 0.1.0 wrote them; no record says which layout it is.
    await old.put('epoch', of('epoch'));
    await old.put(`model/${MODEL}/entry/0000000000070001`, of('entry'));
    await old.put(`model/${MODEL}/label/000000003-000000000000017`, of('label'));
    await old.put(`model/${MODEL}/snapshot/b`, of('snapshot'));
    await old.close();
    const store = await openStore(directory, { model: MODEL });
    assert.is(store.epoch, 42);
    assert.equal(store.notices, []);
    assert.equal([...store.labels], [['3-17', 2]]);
    const { snapshot, journal } = await store.load();
    assert.equal(snapshot, Uint8Array.of(1, 2, 254, 255));
    assert.is(journal[0]!.sequence, 70001);
    await store.close();
    const contents = new Map(await contentsOf(directory));
    assert.is(createRecords().readLayout(Uint8Array.from(Buffer.from(contents.get('layout')!, 'hex'))), 2);
    assert.is(contents.size, 5);
  },
);

layout('a directory of a newer version is refused with what to do, and not changed', async ({ directory }) => {
  const store = await openStore(directory, { model: MODEL });
  await store.putSnapshot(Uint8Array.of(1));
  await store.close();
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  await database.put('layout', createRecords().writeLayout(3));
  await database.close();
  const before = await contentsOf(directory);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await openStore(directory, { model: MODEL });
      assert.unreachable('it was opened');
    } catch (error) {
      assert.instance(error, NodeError);
      assert.is((error as NodeError).code, 'storeNewer');
      assert.match((error as NodeError).message, /newer version of myrmex \(layout 3\).*install that version/);
    }
  }
  assert.equal(await contentsOf(directory), before);
});

layout.run();
