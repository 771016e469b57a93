import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ClassifierCard,
  encodeModelCard,
  MODEL_CARD_LIMITS,
  type ModelCard,
  parseModelCard,
} from '../../protocols/model-card.ts';

const modelCard = suite('model card');

const CARD: ClassifierCard = {
  kind: 'myrmex-model',
  task: 'classification',
  labels: ['idle', 'busy'],
  channels: ['a', 'b'],
  window: 16,
  stride: 8,
  sampleIntervalMs: 0,
  features: { kind: 'spectral', edges: [1, 2, 9], floor: [0.1, 0.2] },
  normalisation: { transform: ['linear', 'signedLog'], mean: [0, -1.5], deviation: [1, 2] },
  accuracy: { float: 1, int8: 0.99 },
};

/** As a file holds it. */
const STORED = { ...CARD, version: 1, task: 'classifier' };
const { labels: _labels, accuracy: _accuracy, ...COMMON } = CARD;
const REGRESSOR: ModelCard = {
  ...{ ...COMMON, task: 'regression', labels: [] },
  outputs: [{ name: 'flow', unit: 'm3/h', range: { low: 0, high: 120 } }, { name: 'heat' }],
};
const ANOMALY: ModelCard = { ...COMMON, task: 'anomaly', labels: ['normal', 'anomaly'], threshold: 0.25 };

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function refused(bytes: Uint8Array, message: RegExp): void {
  try {
    parseModelCard(bytes);
  } catch (error) {
    assert.is((error as { code?: string }).code, 'malformedModelCard');
    assert.match((error as Error).message, message);
    return;
  }
  assert.unreachable(`accepted: ${new TextDecoder().decode(bytes).slice(0, 80)}`);
}

modelCard('comes back as it was written', () => {
  assert.equal(parseModelCard(encodeModelCard(CARD)), CARD);
  for (const kind of ['raw', 'statistics'] as const) {
    const card: ModelCard = { ...CARD, features: { kind } };
    assert.equal(parseModelCard(encodeModelCard(card)), card);
  }
});

modelCard('every task comes back as it was written', () => {
  for (const card of [REGRESSOR, ANOMALY]) assert.equal(parseModelCard(encodeModelCard(card)), card);
});

modelCard('the card of a classifier stays version 1, byte for byte, and opens in all its forms', () => {
  const written = JSON.parse(new TextDecoder().decode(encodeModelCard(CARD))) as object;
  assert.equal(written, STORED);
  assert.equal(Object.keys(written).slice(0, 4), ['kind', 'version', 'task', 'labels']);
  assert.equal(parseModelCard(encode(STORED)), CARD);
  const { task: _, ...untold } = STORED;
  assert.equal(parseModelCard(encode({ ...untold, version: 2 })), CARD, 'without a task it is a classifier');
  assert.equal(parseModelCard(encode({ ...untold, version: 2, task: 'classification' })), CARD);
});

modelCard('what a task needs is asked of it, and what belongs to another is refused', () => {
  const card = (changes: object): Uint8Array => encode({ ...COMMON, version: 2, ...changes });
  const outputs = [{ name: 'flow' }];
  refused(card({ task: 'regression' }), /outputs/);
  refused(card({ task: 'regression', outputs: [] }), /\/outputs/);
  refused(card({ task: 'regression', outputs: [...outputs, ...outputs] }), /outputs twice/);
  refused(card({ task: 'regression', outputs: [{ name: 'flow', range: { low: 2, high: 2 } }] }), /from 2 to 2/);
  refused(card({ task: 'regression', outputs: [{ name: 'flow', range: { low: 2 } }] }), /\/outputs\/0\/range/);
  refused(card({ task: 'regression', outputs, labels: ['a', 'b'] }), /\/labels: no such field/);
  refused(card({ task: 'anomaly' }), /threshold/);
  for (const threshold of [0, -1, 1e39, null]) refused(card({ task: 'anomaly', threshold }), /\/threshold/);
  refused(card({ task: 'clustering', labels: ['a', 'b'] }), /\/task/);
  refused(encode({ ...COMMON, task: 'anomaly', threshold: 1 }), /\/version|version/);
  refused(encode({ ...STORED, task: 'anomaly', threshold: 1 }), /\/(task|threshold)/);
});

modelCard('a wrong, missing or unknown field is named', () => {
  const table: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ version: 3 }, /\/version: this software reads versions 1 and 2/],
    [{ kind: 'other' }, /\/kind/],
    [{ labels: ['one'] }, /\/labels/],
    [{ labels: ['', 'b'] }, /\/labels\/0/],
    [{ labels: ['same', 'same'] }, /labels twice/],
    [{ channels: [] }, /\/channels/],
    [{ channels: ['a', 'a'] }, /channels twice/],
    [{ window: 0 }, /\/window/],
    [{ window: 1.5 }, /\/window/],
    [{ stride: 1e9 }, /\/stride/],
    [{ sampleIntervalMs: -1 }, /\/sampleIntervalMs/],
    [{ features: { kind: 'wavelet' } }, /\/features/],
    [{ features: { kind: 'spectral', edges: [1, 2], floor: [0] } }, /\/features/],
    [{ normalisation: { transform: ['linear'], mean: [0], deviation: [0] } }, /\/normalisation\/deviation\/0/],
    [{ normalisation: { transform: ['cube'], mean: [0], deviation: [1] } }, /\/normalisation\/transform\/0/],
    [{ normalisation: { transform: ['linear'], mean: [0, 0], deviation: [1] } }, /1 transforms, 2 means and 1 dev/],
    [{ normalisation: { transform: ['linear'], mean: [null], deviation: [1] } }, /\/normalisation\/mean\/0/],
    [{ accuracy: { float: 1.01, int8: 1 } }, /\/accuracy\/float/],
    [{ surprise: 1 }, /\/surprise: no such field/],
  ];
  for (const [change, message] of table) refused(encode({ ...STORED, ...change }), message);
  const { window, ...rest } = STORED;
  refused(encode(rest), /window/);
  assert.is(window, 16);
});

modelCard('what is not a JSON object in UTF-8 is refused', () => {
  refused(new Uint8Array(0), /not JSON/);
  refused(Uint8Array.of(0x22, 0xff, 0x22), /not JSON in UTF-8/);
  refused(encode(null), /not valid/);
  refused(encode([CARD]), /not valid/);
  refused(new TextEncoder().encode('{"kind":"myrmex-model"'), /not JSON/);
});

modelCard('size is checked before anything is parsed', () => {
  refused(new Uint8Array(MODEL_CARD_LIMITS.bytesMax + 1), /at most 1048576 are read/);
  const labels = Array.from({ length: MODEL_CARD_LIMITS.labelsMax + 1 }, (_, i) => `l${i}`);
  refused(encode({ ...STORED, labels }), /\/labels/);
});

modelCard('a card that could not be read back is not written', () => {
  assert.throws(() => encodeModelCard({ ...CARD, window: 0 }), /\/window/);
  assert.throws(() => encodeModelCard({ ...CARD, sampleIntervalMs: Number.NaN }), /sampleIntervalMs/);
});

modelCard.run();
