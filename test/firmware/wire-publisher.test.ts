import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPresence } from '../../firmware/machines/presence.ts';
import { createPublisher, type DecisionRecord } from '../../firmware/machines/publisher.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { ANOMALY_LABELS, type ModelCard } from '../../protocols/model-card.ts';
import { cardOf } from '../support/classifier.ts';

const codec = createCodec();
const card: ModelCard = {
  ...cardOf({ channels: 1, hidden: [], classes: 2, seed: 0 }),
  task: 'classification',
  labels: ['normal', 'outer-race'],
};
const record: DecisionRecord = {
  index: 17,
  endMs: 340.4,
  valid: true,
  label: 1,
  confidence: 0.75,
  probabilities: Float32Array.of(0.25, 0.75),
  values: new Float32Array(0),
  expertValues: new Float32Array(0),
  thresholds: new Float64Array(0),
  expertLabels: Int16Array.of(0, 1),
  expertConfidences: Float32Array.of(0.5, 1),
  weights: Float32Array.of(0.125, 0.875),
  drift: 2.5,
  latencyUs: 84.6,
  labelValue: 0.5,
  asked: false,
};

function publisher(of: ModelCard = card, experts: readonly string[] = ['frozen', 'local']) {
  const writer = createEnvelopeWriter(codec, 'plant/press', 3);
  return createPublisher({ site: 'plant', node: 'press', writer, card: of, experts });
}

const publishing = suite('publisher');

publishing('a decision names its classes and experts and goes to its own topic, unretained, QoS 1', () => {
  const { topic, payload, qos, retain } = publisher().decision(record, 1_700_000_000_000);
  assert.equal({ topic, qos, retain }, { topic: 'mx/1/plant/press/decision', qos: 1, retain: false });
  const opened = openEnvelope(codec, DECISION, payload);
  assert.ok(opened.ok);
  assert.is(opened.value.sender, 'plant/press');
  assert.equal(opened.value.body, {
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
  });
});

publishing('a regressor publishes its values by name, no class and no confidence', () => {
  const { labels: _, ...rest } = card;
  const regressor: ModelCard = {
    ...rest,
    task: 'regression',
    labels: [],
    outputs: [{ name: 'flow' }, { name: 'heat' }],
  };
  const values = Float32Array.of(-12.5, 71);
  const { payload } = publisher(regressor, ['frozen']).decision(
    {
      ...record,
      ...{ label: -1, confidence: 0, probabilities: new Float32Array(0), values, expertValues: values },
      ...{ expertLabels: Int16Array.of(-1), expertConfidences: Float32Array.of(0), weights: Float32Array.of(1) },
    },
    0,
  );
  const opened = openEnvelope(codec, DECISION, payload);
  assert.ok(opened.ok);
  assert.equal(opened.value.body, {
    ...{ window: '3-17', endMs: 340, drift: 2.5, latencyUs: 85 },
    ...{ label: null, confidence: 0, probabilities: {}, values: { flow: -12.5, heat: 71 } },
    experts: { frozen: { label: null, confidence: 0, weight: 1 } },
  });
});

publishing(
  'an anomaly model publishes its score beside the threshold in force, not the one it was shipped with',
  () => {
    const { labels: _, ...rest } = card;
    const anomaly: ModelCard = { ...rest, task: 'anomaly', labels: [...ANOMALY_LABELS], threshold: 0.5 };
    const { payload } = publisher(anomaly, ['frozen']).decision(
      {
        ...{ ...record, values: Float32Array.of(1.5), expertValues: Float32Array.of(1.5) },
        thresholds: Float64Array.of(0.5, 0.75),
        ...{ expertLabels: Int16Array.of(1), expertConfidences: Float32Array.of(0.75), weights: Float32Array.of(1) },
      },
      0,
    );
    const opened = openEnvelope(codec, DECISION, payload);
    assert.ok(opened.ok);
    const { label, score, threshold, probabilities, experts } = opened.value.body;
    assert.equal({ label, score, threshold }, { label: 'anomaly', score: 1.5, threshold: 0.75 });
    assert.equal(probabilities, { normal: 0.25, anomaly: 0.75 });
    assert.equal(experts, { frozen: { label: 'anomaly', confidence: 0.75, weight: 1, score: 1.5 } });
  },
);

publishing('a window without a decision is published as one', () => {
  const { payload } = publisher().decision({ ...record, valid: false, label: -1, confidence: Number.NaN }, 0);
  const opened = openEnvelope(codec, DECISION, payload);
  assert.ok(opened.ok);
  const { label, confidence, probabilities, experts } = opened.value.body;
  assert.equal(
    { label, confidence, probabilities, experts },
    { label: null, confidence: 0, probabilities: {}, experts: {} },
  );
});

publishing('sums that pass 1 by a rounding, and a drift beyond float32, stay within the schema', () => {
  const confidence = 1 + 2 ** -23;
  const { payload } = publisher().decision({ ...record, confidence, drift: Number.POSITIVE_INFINITY }, 0);
  const opened = openEnvelope(codec, DECISION, payload);
  assert.ok(opened.ok && opened.value.body.confidence === 1 && opened.value.body.drift > 3e38);
});

publishing('an acknowledgement must arrive: QoS 1; all kinds share one sequence', () => {
  const publish = publisher();
  publish.decision(record, 0);
  const { topic, payload, qos, retain } = publish.acknowledgement({ window: '3-17', status: 'stored' }, 0);
  assert.equal({ topic, qos, retain }, { topic: 'mx/1/plant/press/label/ack', qos: 1, retain: false });
  const opened = openEnvelope(codec, LABEL_ACK, payload);
  assert.ok(opened.ok && opened.value.sequence === 1 && opened.value.epoch === 3);
});

publishing('presence is retained in all three forms, and the will says offline', () => {
  const writer = createEnvelopeWriter(codec, 'plant/press', 3);
  const presence = createPresence({ site: 'plant', node: 'press', writer, about: { version: '0.1.0' } });
  const states = [presence.will(0), presence.online(0), presence.offline(0)].map(({ topic, payload, qos, retain }) => {
    assert.equal({ topic, qos, retain }, { topic: 'mx/1/plant/press/presence', qos: 1, retain: true });
    const opened = openEnvelope(codec, PRESENCE, payload);
    return opened.ok ? opened.value.body.state : opened.reason;
  });
  assert.equal(states, ['offline', 'online', 'offline']);
});
publishing.run();
