import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishPacket } from 'aedes';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import type { BatchDatabase } from '../../firmware/io/broker-store/disk.ts';
import { messageKey } from '../../firmware/io/broker-store/keys.ts';
import { createBrokerRecords } from '../../firmware/io/broker-store/records.ts';
import { type Upgrade, upgrade } from '../../firmware/io/broker-store/upgrades.ts';
import { openDatabase } from '../../firmware/io/store/open.ts';
import { listen, openAt } from '../support/broker-store.ts';

const store = suite<{ directory: string }>('broker store');
store.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'myrmex-test-'));
});
store.after.each(({ directory }) => rm(directory, { recursive: true }));

const packet = (topic: string, text: string, extra: Partial<PublishPacket> = {}): PublishPacket => ({
  ...{ cmd: 'publish', topic, payload: Buffer.from(text), qos: 1, dup: false, retain: false },
  ...extra,
});
const READER = { id: 'reader' };
const SUBSCRIPTION = { topic: 't', qos: 1 } as const;

const queued = async ({ persistence }: Awaited<ReturnType<typeof openAt>>): Promise<string[]> => {
  const all: string[] = [];
  for await (const each of persistence.outgoingStream(READER)) all.push(String(each.payload));
  return all;
};

store(
  'a message for a session is on disk before anyone passes it on; one for nobody touches no disk',
  async ({ directory }) => {
    const ears = listen();
    const opened = await openAt(directory, {}, ears);
    await opened.persistence.setup({ id: 'broker' });
    await opened.persistence.addSubscriptions(READER, [SUBSCRIPTION]);
    const { brokerStoredBytes } = ears.vitals.counters;
    assert.not.ok(await opened.persistence.admit(packet('other', 'for nobody')));
    assert.ok(await opened.persistence.admit(packet('t', 'for the reader')));
    await opened.disk.flushed();
    assert.ok(ears.vitals.counters.brokerStoredBytes! > brokerStoredBytes!);
    // As after a crash: nothing was passed on, and nobody said goodbye.
    await opened.disk.close();
    const again = await openAt(directory);
    assert.equal(await queued(again), ['for the reader']);
    await again.disk.close();
  },
);

store(
  'a disk that fails refuses what it cannot keep, says so, and is used again when it is well',
  async ({ directory }) => {
    const ears = listen();
    const tasks: (() => void)[] = [];
    let broken = false;
    const through = (database: BatchDatabase): BatchDatabase => ({
      close: () => database.close(),
      write: async (writes, sync) => {
        if (broken) throw new Error('no space left on device');
        await database.write(writes, sync);
      },
    });
    const opened = await openAt(directory, {}, ears, { through, schedule: (task) => void tasks.push(task) });
    await opened.persistence.setup({ id: 'broker' });
    await opened.persistence.addSubscriptions(READER, [SUBSCRIPTION]);
    broken = true;
    const refused = packet('t', 'refused');
    assert.ok(await opened.persistence.admit(refused));
    const failure = await opened.disk.flushed().catch((error: Error) => error.message);
    assert.match(String(failure), /no space left/);
    assert.ok(opened.accepted.dismiss(refused));
    assert.match(ears.vitals.health.brokerStore ?? '', /no space left.*make room/);
    await opened.persistence.admit(packet('t', 'refused at once')).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /not accepted/),
    );
    // What is only retained is taken, and written later.
    assert.ok(await opened.persistence.admit(packet('r', 'kept', { retain: true })));
    broken = false;
    while (!opened.disk.well) {
      for (const task of tasks.splice(0)) task();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(ears.vitals.health, {});
    assert.ok(await opened.persistence.admit(packet('t', 'accepted')));
    await opened.disk.flushed();
    await opened.disk.close();
    const again = await openAt(directory);
    assert.equal(await queued(again), ['accepted']);
    assert.is(again.wills.length, 0);
    const retained: string[] = [];
    for await (const each of again.persistence.createRetainedStream('#')) retained.push(String(each.payload));
    assert.equal(retained, ['kept']);
    await again.disk.close();
  },
);

store('a second broker on the same directory is told so', async ({ directory }) => {
  const opened = await openAt(directory);
  await openAt(directory).then(
    () => assert.unreachable(),
    (error: NodeError) => assert.is(error.code, 'storeLocked'),
  );
  await opened.disk.close();
});

store('a damaged table of contents is repaired once, with a notice', async ({ directory }) => {
  const opened = await openAt(directory);
  await opened.persistence.setup({ id: 'broker' });
  await opened.persistence.addSubscriptions(READER, [SUBSCRIPTION]);
  await opened.disk.close();
  // Opening once more moves the records from the log into a table file, which a repair reads.
  await (await openAt(directory)).disk.close();
  const manifest = (await readdir(directory)).find((name) => name.startsWith('MANIFEST'))!;
  const file = await open(join(directory, manifest), 'r+');
  await file.truncate(3);
  await file.close();
  const ears = listen();
  const again = await openAt(directory, {}, ears);
  assert.match(ears.texts.join(), /repaired/);
  assert.is(again.sessions.count, 1);
  await again.disk.close();
});

store('a damaged message is skipped, counted, and left where it is', async ({ directory }) => {
  const opened = await openAt(directory);
  await opened.persistence.setup({ id: 'broker' });
  await opened.persistence.addSubscriptions(READER, [SUBSCRIPTION]);
  for (const text of ['first', 'second']) await opened.persistence.admit(packet('t', text));
  await opened.disk.close();
  const database = await openDatabase(directory, () => {});
  const value = Buffer.from((await database.get(messageKey(0)))!);
  value[value.length - 1]! ^= 1;
  await database.put(messageKey(0), value);
  await database.close();
  const ears = listen();
  const again = await openAt(directory, {}, ears);
  assert.equal(await queued(again), ['second']);
  assert.match(ears.texts.join(), /1 records .* damaged/);
  await again.disk.close();
});

store(
  'newer software’s directory is refused unchanged; an older one is brought up step by step',
  async ({ directory }) => {
    const records = createBrokerRecords();
    const database = await openDatabase(directory, () => {});
    const notices: string[] = [];
    const run = (steps: readonly Upgrade[]): Promise<void> =>
      upgrade(database, records, directory, (text) => notices.push(text), steps);
    const mark =
      (name: string): Upgrade =>
      async () => [{ type: 'put', key: name, value: new Uint8Array(1) }];
    await run([]);
    await run([mark('x/one'), mark('x/two')]);
    assert.is(notices.length, 2);
    assert.is(records.readSchema((await database.get('schema'))!), 3);
    assert.ok((await database.get('x/one')) !== undefined && (await database.get('x/two')) !== undefined);
    await database.close();
    await openAt(directory).then(
      () => assert.unreachable(),
      (error: unknown) => assert.ok(error instanceof NodeError && error.code === 'storeNewer'),
    );
  },
);

store.run();
