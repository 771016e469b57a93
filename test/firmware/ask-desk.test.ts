import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openAskDesk } from '../../firmware/ask-desk.ts';
import type { OutgoingMessage } from '../../firmware/machines/outgoing-message.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import type { NodeStatus } from '../../firmware/status.ts';
import type { SeenDecision } from '../../firmware/views/part.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { Asker } from '../../firmware/worker/asker.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { ASK } from '../../protocols/messages/ask.ts';
import { randomClassifierFile } from '../support/classifier.ts';

const codec = createCodec();
const TIME = 1_795_420_800_000;

const setUp = () => {
  const sent: OutgoingMessage[] = [];
  let connect = (): void => {};
  const vitals = createVitals(() => {});
  const desk = openAskDesk({
    ...{
      site: 'plant',
      node: 'press',
      classes: ['normal', 'worn'],
      writer: createEnvelopeWriter(codec, 'plant/press', 3),
    },
    mqtt: {
      publish: (message) => sent.push(message) > 0,
      onConnect: (handler) => {
        connect = handler;
      },
    },
    ...{ clock: { unixMs: () => TIME, monotonicMs: () => 0 }, vitals },
  });
  const asks = (index: number): void => {
    const decision = { index, asked: true, label: 1, confidence: 0.5, labelValue: 0.75 };
    desk.decided!(decision as SeenDecision, 0);
  };
  const tick = (workerRestarts = 0): void => desk.tick!({ workerRestarts } as NodeStatus, 0);
  const windows = (): string[] => {
    const last = sent.filter(({ topic }) => topic.endsWith('/ask')).at(-1)!;
    const opened = openEnvelope(codec, ASK, last.payload as Uint8Array);
    return opened.ok ? opened.value.body.windows.map(({ window }) => window) : [opened.reason];
  };
  return { sent, desk, asks, tick, windows, vitals, connect: () => connect() };
};

const desks = suite('desk of questions');

desks('open questions are one retained list, in CBOR and in JSON, said when it changes and at each connection', () => {
  const { sent, asks, tick, windows, vitals, connect } = setUp();
  tick();
  assert.is(sent.length, 0);
  connect();
  assert.equal(windows(), [], 'what an earlier run asked is taken away');
  asks(7);
  asks(9);
  tick();
  tick();
  assert.equal(
    sent.map(({ topic, qos, retain }) => [topic, qos, retain]),
    ['ask', 'ask/json', 'ask', 'ask/json'].map((what) => [`mx/1/plant/press/${what}`, 1, true]),
  );
  assert.equal(windows(), ['3-7', '3-9']);
  const json = JSON.parse(new TextDecoder().decode(sent.at(-1)!.payload as Uint8Array)) as { windows: object[] };
  const time = new Date(TIME).toISOString();
  assert.equal(json.windows[0], { window: '3-7', label: 'worn', confidence: 0.5, value: 0.75, time });
  assert.equal(vitals.counters, { asks: 2, asksOpen: 2 });
});

desks('a question is answered by a label that is taken, and by one that can not be taken any more', () => {
  const { desk, asks, tick, windows } = setUp();
  for (const index of [1, 2, 3, 4]) asks(index);
  desk.answered('3-1', 'stored');
  desk.answered('3-2', 'busy');
  desk.answered('3-3', 'unknownClass');
  desk.answered('3-4', 'unknownWindow');
  tick();
  assert.equal(windows(), ['3-2', '3-3']);
});

desks('sixteen questions are open at most, the latest; a new worker does not know those of the one before', () => {
  const { asks, tick, windows } = setUp();
  for (let index = 0; index < 20; index++) asks(index);
  tick();
  assert.equal([windows().length, windows()[0], windows().at(-1)], [16, '3-4', '3-19']);
  tick(1);
  assert.equal(windows(), []);
});

desks('an asker earns its questions by the clock, and with none a day it never asks', () => {
  let now = 0;
  const [asker, silent] = [new Asker(20, () => now), new Asker(0, () => now)];
  let asked = 0;
  for (; now < 86_400_000; now += 10_000) {
    const decision = { valid: true, labelValue: 0.1 + ((now / 10_000) % 97) / 100 };
    if (asker.asks(decision as never)) asked++;
    assert.not(silent.asks(decision as never));
  }
  assert.ok(asked >= 14 && asked <= 21, `${asked} in a day`);
  assert.not(asker.asks({ valid: false, labelValue: 1 } as never));
});

desks('the label of a kept window is learned long after the ring of the latest has gone on', () => {
  const model = randomClassifierFile({ channels: 4, hidden: [16], classes: 3, seed: 2 });
  const pipeline = createPipeline({ ...defaultPipelineOptions, model, seed: 1, pendingWindows: 8 });
  const decide = (index: number) =>
    pipeline.decide({ samples: Float32Array.of(index / 50, 1, -1, 0.5), index, valid: true });
  for (let index = 0; index < 50; index++) {
    decide(index);
    if (index === 3 || index === 5) pipeline.keep(index);
    if (index === 5) assert.is(pipeline.observe(5, 1).result, 'learned');
  }
  assert.is(pipeline.observe(4, 1).result, 'unknownWindow');
  const { result, features } = pipeline.observe(3, 2);
  assert.is(result, 'learned');
  assert.is(features[0], Math.fround(3 / 50));
  assert.equal([pipeline.observe(3, 2).result, pipeline.observe(3, 1).result], ['duplicate', 'conflict']);
  assert.is(pipeline.observe(5, 1).result, 'duplicate', 'known from its time in the ring');
  for (let index = 50; index < 66; index++) {
    decide(index);
    pipeline.keep(index);
  }
  assert.is(pipeline.observe(3, 2).result, 'unknownWindow', 'sixteen were kept after it');
});

desks.run();
