import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeModelCard, MODEL_CARD_LIMITS, type ModelCard, parseModelCard } from '../../protocols/model-card.ts';

const modelCard = suite('model card');

const CARD: ModelCard = {
  kind: 'myrmex-model',
  version: 1,
  task: 'classifier',
  labels: ['idle', 'busy'],
  channels: ['a', 'b'],
  window: 16,
  stride: 8,
  sampleIntervalMs: 0,
  features: { kind: 'spectral', edges: [1, 2, 9], floor: [0.1, 0.2] },
  normalisation: { transform: ['linear', 'signedLog'], mean: [0, -1.5], deviation: [1, 2] },
  accuracy: { float: 1, int8: 0.99 },
};

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

modelCard('a wrong, missing or unknown field is named', () => {
  const table: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ version: 2 }, /\/version/],
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
  for (const [change, message] of table) refused(encode({ ...CARD, ...change }), message);
  const { window, ...rest } = CARD;
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
  refused(encode({ ...CARD, labels }), /\/labels/);
});

modelCard('a card that could not be read back is not written', () => {
  assert.throws(() => encodeModelCard({ ...CARD, window: 0 }), /\/window/);
  assert.throws(() => encodeModelCard({ ...CARD, sampleIntervalMs: Number.NaN }), /sampleIntervalMs/);
});

modelCard.run();
