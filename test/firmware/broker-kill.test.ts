import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleBroker } from '../support/broker-child.ts';
import { createLoad, missingOf, QOS, repeatedOf, retainedAt } from '../support/broker-load.ts';
import { seeded } from '../support/models.ts';

/** `.ci/run` does it more often. */
const KILLS = Number(process.env.MYRMEX_KILLS ?? 6);
/** A kill comes after this many acknowledgements at most. */
const ANSWERS_MAX = 400;
const SETTLE_MS_MAX = 30_000;

const kill = suite('broker: kill -9 under load');

kill('after kills at random moments nothing acknowledged is missing, and nothing came too often', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'myrmex-broker-'));
  const random = seeded(31);
  const program = bundleBroker();
  let broker = await program.spawn(directory);
  const { port } = broker;
  const url = `mqtt://127.0.0.1:${port}`;
  const load = await createLoad(url);
  const { ledger } = load;
  try {
    for (let round = 0; round < KILLS; round++) {
      if (round > 0) broker = await program.spawn(directory, port);
      // As it was before the question: the publisher is back too, and newer ones are acknowledged while it is answered.
      const known = [...ledger.retained]
        .map(([topic, { acknowledged }]) => ({ topic, acknowledged }))
        .filter(({ acknowledged }) => acknowledged >= 0);
      const retained = await retainedAt(url, known.length);
      for (const { topic, acknowledged } of known) {
        const found = retained.get(topic) ?? -1;
        const { sent } = ledger.retained.get(topic)!;
        assert.ok(found >= acknowledged && found <= sent, `round ${round}: ${topic} is ${found}, not ${acknowledged}`);
      }
      await load.begin(round);
      await load.answers(Math.floor(random() * ANSWERS_MAX));
      await broker.kill();
      load.broken();
    }
    broker = await program.spawn(directory, port);
    await load.settle(KILLS, SETTLE_MS_MAX);
  } finally {
    await load.end();
    await broker.kill();
    program.remove();
    await rm(directory, { recursive: true });
  }
  for (const who of ['awake', 'asleep'] as const) {
    for (const qos of QOS) {
      const { length } = ledger[who].get(qos)!;
      assert.ok(length >= KILLS * 5, `only ${length} messages of QoS ${qos} were delivered`);
      assert.equal(missingOf(ledger, who, qos), [], `${who}, QoS ${qos}: acknowledged and lost`);
      assert.equal(repeatedOf(ledger, who, qos), [], `${who}, QoS ${qos}: delivered too often`);
    }
  }
  const total = ledger.acknowledged.get(1)!.size + ledger.acknowledged.get(2)!.size;
  console.log(`  ${KILLS} kills, ${total} messages acknowledged, none lost`);
});

kill('the will of a client that was connected when the broker died is published when it is back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'myrmex-broker-'));
  const program = bundleBroker();
  let broker = await program.spawn(directory);
  const will = { topic: 'r/presence', payload: Buffer.from('0'), qos: 1 as const, retain: true };
  const client = connect(`mqtt://127.0.0.1:${broker.port}`, { will, reconnectPeriod: 0 });
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await broker.kill();
  client.end(true);
  broker = await program.spawn(directory);
  const retained = await retainedAt(`mqtt://127.0.0.1:${broker.port}`, 1);
  assert.equal([...retained], [['r/presence', 0]]);
  await broker.kill();
  program.remove();
  await rm(directory, { recursive: true });
});

kill.run();
