import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { modelHash } from '../../firmware/io/files.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { openStore } from '../../firmware/io/store.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { topicName } from '../../protocols/topics.ts';
import { demoModelPath, temporaryFolder } from '../support/machine-recording.ts';
import { myrmex } from './programs.ts';

const kill = suite('kill -9 while labels arrive');
const codec = createCodec();
const { site, node } = demoConfiguration;
const text = new TextEncoder();

/** Labels as they were sent; resolves waiters by window when the node answers. */
const listen = async (url: string) => {
  const mqtt = connectMqtt({ url, clientId: 'test-operator' });
  await mqtt.ready(5_000);
  const acknowledged = new Map<string, string>();
  const waiting = new Set<{ enough: () => boolean; resolve: () => void }>();
  await mqtt.subscribe(topicName(site, node, 'label/ack'), (_topic, payload) => {
    const opened = openEnvelope(codec, LABEL_ACK, payload);
    if (!opened.ok) return;
    acknowledged.set(opened.value.body.window, opened.value.body.status);
    for (const waiter of waiting) if (waiter.enough()) waiter.resolve();
  });
  const until = (enough: () => boolean): Promise<void> => new Promise((resolve) => waiting.add({ enough, resolve }));
  return { mqtt, acknowledged, until };
};

/** A label as a person would send it with mosquitto_pub. */
const send = (mqtt: MqttPort, window: string, label: string): void => {
  const payload = text.encode(JSON.stringify({ window, label }));
  mqtt.publish({ topic: topicName(site, node, 'label'), payload, qos: 1, retain: false });
};

kill('every acknowledged label and what was learned from it are there afterwards', async () => {
  const state = await temporaryFolder();
  const { labeller: _, ...quiet } = demoConfiguration;
  const config = join(state, 'node.json');
  await writeFile(
    config,
    JSON.stringify({ ...quiet, state: join(state, 'store'), broker: { embedded: true, port: 0 } }),
  );

  const first = myrmex('run', '--config', config);
  const [url] = await first.said(/mqtt:\/\/[\d.:]+/);
  const operator = await listen(url);
  const sent = new Map<string, string>();
  await operator.mqtt.subscribe(topicName(site, node, 'decision'), (_topic, payload) => {
    const opened = openEnvelope(codec, DECISION, payload);
    if (!opened.ok || opened.value.body.label === null) return;
    // Always the same answer, so that there is something to learn; the snapshots that follow hold it.
    sent.set(opened.value.body.window, 'imbalance');
    send(operator.mqtt, opened.value.body.window, 'imbalance');
  });
  const stored = (): string[] => [...operator.acknowledged].filter(([, s]) => s === 'stored').map(([window]) => window);
  await operator.until(() => stored().length >= 200);
  first.process.kill('SIGKILL');
  await first.ended;
  const acknowledged = stored();
  await operator.mqtt.close();

  const model = readFileSync(demoModelPath);
  const store = await openStore(join(state, 'store'), { model: modelHash(model) });
  const { snapshot, journal } = await store.load();
  await store.close();
  const kept = new Set(journal.map(({ window }) => window));
  assert.equal(
    acknowledged.filter((window) => !kept.has(window)),
    [],
  );
  assert.ok(snapshot !== null, '200 labels take eight seconds: snapshots were due');
  const pipeline = createPipeline({ ...defaultPipelineOptions, model, seed: 0 });
  const factory = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(factory);
  assert.is(pipeline.restore(snapshot, journal), 0);
  const restored = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(restored);
  assert.not.equal(restored, factory);

  const second = myrmex('run', '--config', config);
  const [again] = await second.said(/mqtt:\/\/[\d.:]+/);
  const { mqtt, acknowledged: answers, until } = await listen(again);
  for (const window of acknowledged.slice(0, 20)) send(mqtt, window, sent.get(window)!);
  await until(() => answers.size === 20);
  assert.equal([...new Set(answers.values())], ['duplicate']);
  // What was learned is in force: the mixture does not begin again at its prior.
  const [status] = await second.said(/\{"kind":"status".*\}/);
  const { experts } = JSON.parse(status) as { experts: Record<string, { weight: number }> };
  assert.ok(Math.abs(experts.local!.weight - 0.2119) > 0.05, `weight of local ${experts.local!.weight}`);
  await mqtt.close();
  second.process.kill('SIGTERM');
  assert.is(await second.ended, 0, second.stderr());
});

kill.run();
