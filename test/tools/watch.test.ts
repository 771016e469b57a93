import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { type Broker, startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import { ASK } from '../../protocols/messages/ask.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { topicName } from '../../protocols/topics.ts';
import { type WatchOptions, watchDecisions } from '../../tools/watch/watch.ts';

const body: DecisionBody = {
  window: '3-17',
  endMs: 340,
  label: 'outer-race',
  confidence: 0.75,
  probabilities: { normal: 0.25, 'outer-race': 0.75 },
  experts: {
    frozen: { label: 'normal', confidence: 0.5, weight: 0.125 },
    local: { label: 'outer-race', confidence: 1, weight: 0.875 },
  },
  drift: 2.5,
  latencyUs: 85,
};

const watch = suite<{ broker: Broker; node: MqttPort; said: string[]; options: WatchOptions; stop: AbortController }>(
  'watch',
);

watch.before.each(async (context) => {
  context.broker = await startBroker({ port: 0 });
  context.node = connectMqtt({ url: context.broker.url, clientId: 'node' });
  await context.node.ready(5_000);
  context.said = [];
  context.stop = new AbortController();
  context.options = {
    endpoint: { url: context.broker.url },
    json: false,
    count: 1,
    stop: context.stop.signal,
    print: (line) => context.said.push(line),
    remark: () => {},
  };
});
watch.after.each(async ({ broker, node }) => {
  await node.close();
  await broker.close();
});

const codec = createCodec();

/** Publishes once the watcher says that it watches. */
function whenWatching(options: WatchOptions, publish: () => void): WatchOptions {
  return { ...options, remark: (line) => (line.startsWith('watching') ? publish() : options.remark(line)) };
}

function send(node: MqttPort, name: string, decision: DecisionBody): void {
  const payload = createEnvelopeWriter(codec, `plant/${name}`, 3).write(DECISION, decision, 1_700_000_000_000);
  node.publish({ topic: topicName('plant', name, 'decision'), payload, qos: 1, retain: false });
}

watch('a decision on one line, the heaviest expert first', async ({ node, said, options }) => {
  const count = await watchDecisions(whenWatching(options, () => send(node, 'press', body)));
  assert.is(count, 1);
  assert.equal(said, [
    'plant/press 3-17 | outer-race 75 % | local outer-race 100 % (weight 0.88) | frozen normal 50 % (weight 0.13)' +
      ' | drift 2.50 | 85 µs',
  ]);
});

watch('as JSON, the whole envelope', async ({ node, said, options }) => {
  await watchDecisions(whenWatching({ ...options, json: true }, () => send(node, 'press', body)));
  assert.equal(JSON.parse(said[0]!), {
    kind: 'decision',
    version: 3,
    sender: 'plant/press',
    epoch: 3,
    sequence: 0,
    time: 1_700_000_000_000,
    body,
  });
});

watch('what a gateway asks for: in its decisions, and all its open questions', async ({ node, said, options }) => {
  await watchDecisions(whenWatching(options, () => send(node, 'press', { ...body, ask: 0.625 })));
  assert.match(said[0]!, / \| 85 µs \| label wanted \(63 % to learn\)$/);
  const time = Date.UTC(2026, 10, 23, 14);
  const question = { window: '3-17', time, label: 'outer-race', confidence: 0.5, value: 0.75 };
  const payload = createEnvelopeWriter(codec, 'plant/press', 3).write(ASK, { windows: [question] }, 1_700_000_000_000);
  const topic = topicName('plant', 'press', 'ask');
  const ask = () => node.publish({ topic, payload, qos: 1, retain: true });
  await watchDecisions(whenWatching({ ...options, asks: true }, ask));
  const asked = 'plant/press asks about 3-17 of 2026-11-23T14:00:00.000Z | decided outer-race 50 % | 75 % to learn';
  assert.is(said.at(-1), asked);
});

watch('values of a regressor, and the score of an anomaly model', async ({ node, said, options }) => {
  const frozen = { label: null, confidence: 0, weight: 1 };
  const measured = { ...body, label: null, confidence: 0, probabilities: {}, experts: { frozen } };
  const odd = { ...body, label: 'anomaly', score: 0.0316227, threshold: 0.0105409 };
  const sendBoth = (): void => {
    send(node, 'press', { ...measured, values: { flow: -12.5, heat: 71 } });
    send(node, 'press', odd);
  };
  await watchDecisions(whenWatching({ ...options, count: 2 }, sendBoth));
  assert.is(said[0], 'plant/press 3-17 | flow -12.5, heat 71 | frozen (weight 1.00) | drift 2.50 | 85 µs');
  assert.match(said[1]!, /^plant\/press 3-17 \| anomaly 75 % \(score 0\.03162, threshold 0\.01054\) \| local/);
});

watch('a node with older software is read as well', async ({ node, said, options }) => {
  const payload = codec.encode(['decision', 1, 'plant/press', 3, 0, 5, body]);
  const publish = () =>
    node.publish({ topic: topicName('plant', 'press', 'decision'), payload, qos: 1, retain: false });
  await watchDecisions(whenWatching(options, publish));
  assert.match(said[0]!, /^plant\/press 3-17 \| outer-race 75 %/);
});

watch('only the node asked for', async ({ node, said, options }) => {
  const sendAll = (): void => {
    send(node, 'press', body);
    send(node, 'saw', { ...body, window: '3-18' });
  };
  await watchDecisions(whenWatching({ ...options, node: 'saw', json: true }, sendAll));
  assert.equal(
    said.map((line) => (JSON.parse(line) as { sender: string }).sender),
    ['plant/saw'],
  );
});

watch('what is no decision is said and skipped; a name cannot drive the terminal', async ({ node, said, options }) => {
  const remarks: string[] = [];
  const hostile = '\u001b[2Jnormal\u202e';
  const sendBoth = (): void => {
    node.publish({
      topic: topicName('plant', 'press', 'decision'),
      payload: Uint8Array.of(0xf7),
      qos: 1,
      retain: false,
    });
    send(node, 'press', { ...body, label: hostile, probabilities: { [hostile]: 1 }, experts: {} });
  };
  await watchDecisions(whenWatching({ ...options, remark: (line) => remarks.push(line) }, sendBoth));
  assert.equal(remarks, ['mx/1/plant/press/decision: not a decision (simpleValue)']);
  assert.match(said[0]!, /^plant\/press 3-17 \| ·\[2Jnormal· 75 %/);
});

watch('told to stop, it stops', async ({ options, stop }) => {
  const count = await watchDecisions(whenWatching({ ...options, count: 9 }, () => stop.abort()));
  assert.is(count, 0);
});

watch('without a broker the message says what to do', async ({ options, broker }) => {
  await broker.close();
  try {
    await watchDecisions(options);
    assert.unreachable();
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    assert.is(error.code, 'brokerUnreachable');
    assert.match(
      error.message,
      /^the MQTT broker at mqtt:\/\/127\.0\.0\.1:\d+ is not there: .*start it, or check the port$/,
    );
  }
});
watch.run();
