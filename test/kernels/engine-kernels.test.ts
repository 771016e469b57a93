import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PANEL_COLUMNS, packedBytes, packPanels, pairCount, panelCount } from '../../kernels/ops/dense-panels.ts';
import { type AdapterCase, adapterForwardReference } from '../../kernels/ops/reference/adapter-forward.ts';
import { type DenseLayer, denseReference, widenReference } from '../../kernels/ops/reference/dense.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { randomInt8, seeded } from '../support/models.ts';

const kernels = suite('wasm kernels against their plain twins');

const SIZES = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 100, 129, 640, 1001];

const pick = (random: () => number, sizes: readonly number[]): number => sizes[Math.floor(random() * sizes.length)]!;
const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);

/** Copies a typed array into the engine's memory, with room for `bytesMin`; returns its address. */
const place = (engine: WasmEngine, values: ArrayBufferView, bytesMin = values.byteLength): number => {
  const address = engine.allocate(Math.max(bytesMin, values.byteLength));
  engine.uint8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address);
  return address;
};

const randomLayer = (random: () => number, inFeatures: number, outFeatures: number): DenseLayer => {
  const outputZeroPoint = Math.floor(random() * 256) - 128;
  // From far below one step per product to far beyond the range, where the accumulator leaves 2^22 steps.
  const magnitude = 10 ** between(random, -7, 6);
  return {
    inFeatures,
    outFeatures,
    inputZeroPoint: Math.floor(random() * 256) - 128,
    weights: randomInt8(random, inFeatures * outFeatures),
    start: Int32Array.from({ length: outFeatures }, () => between(random, -1e6, 1e6)),
    scale: Float32Array.from({ length: outFeatures }, () => magnitude * between(random, 0.5, 2)),
    outputZeroPoint,
    activationMin: random() < 0.5 ? -128 : outputZeroPoint,
    activationMax: random() < 0.5 ? 127 : Math.max(outputZeroPoint, 40),
  };
};

const GUARD = 85;

const runDense = (engine: WasmEngine, layer: DenseLayer, input: Int8Array): Int8Array => {
  const { inFeatures, outFeatures } = layer;
  const pairs = pairCount(inFeatures);
  const columns = panelCount(outFeatures) * PANEL_COLUMNS;
  const packed = engine.allocate(packedBytes(inFeatures, outFeatures));
  const panels = new Int16Array(engine.uint8.buffer, packed, packedBytes(inFeatures, outFeatures) / 2);
  packPanels(layer.weights, inFeatures, outFeatures, panels);
  const wide = engine.allocate(pairs * 4);
  engine.kernels!.widen(place(engine, input), wide, inFeatures, layer.inputZeroPoint);
  const output = engine.allocate(outFeatures + PANEL_COLUMNS);
  engine.uint8.fill(GUARD, output, output + outFeatures + PANEL_COLUMNS);
  engine.kernels!.dense(
    wide,
    packed,
    place(engine, layer.start, columns * 4),
    place(engine, layer.scale, columns * 4),
    output,
    pairs,
    outFeatures,
    layer.outputZeroPoint,
    layer.activationMin,
    layer.activationMax,
  );
  for (let i = 0; i < PANEL_COLUMNS; i++)
    assert.is(engine.int8[output + outFeatures + i], GUARD, 'wrote past its output');
  return engine.int8.slice(output, output + outFeatures);
};

kernels('widen subtracts the zero point and completes an odd run with a zero', () => {
  const random = seeded(11);
  for (const count of SIZES) {
    const engine = createEngine({ memoryBytes: 1 << 20 });
    const input = randomInt8(random, count);
    const zeroPoint = Math.floor(random() * 256) - 128;
    const output = engine.allocate(2 * count + 2);
    engine.uint8.fill(GUARD, output, output + 2 * count + 2);
    engine.kernels!.widen(place(engine, input), output, count, zeroPoint);
    assert.equal(new Int16Array(engine.uint8.buffer, output, count), widenReference(input, zeroPoint));
    if (count % 2 === 1) assert.is(new Int16Array(engine.uint8.buffer, output, count + 1)[count], 0);
  }
});

kernels('dense gives the bits of its twin for 300 random layers', () => {
  const random = seeded(12);
  for (let round = 0; round < 300; round++) {
    const engine = createEngine({ memoryBytes: 4 << 20 });
    const layer = randomLayer(random, pick(random, SIZES), pick(random, SIZES));
    const input = randomInt8(random, layer.inFeatures);
    const what = `round ${round}, ${layer.inFeatures} x ${layer.outFeatures}`;
    assert.equal(runDense(engine, layer, input), denseReference(layer, input), what);
  }
});

kernels('dense rounds exact halves to even', () => {
  const outFeatures = 64;
  const layer: DenseLayer = {
    inFeatures: 1,
    outFeatures,
    inputZeroPoint: 0,
    weights: new Int8Array(outFeatures),
    start: Int32Array.from({ length: outFeatures }, (_, column) => column - 32),
    scale: new Float32Array(outFeatures).fill(0.5),
    outputZeroPoint: 0,
    activationMin: -128,
    activationMax: 127,
  };
  const result = runDense(createEngine({ memoryBytes: 1 << 20 }), layer, new Int8Array(1));
  assert.is(result[32 + 1], 0, 'half to zero');
  assert.is(result[32 + 3], 2, 'one and a half to two');
  assert.is(result[32 - 5], -2, 'minus two and a half to minus two');
});

const randomAdapter = (random: () => number, inFeatures: number, outFeatures: number, rank: number): AdapterCase => {
  const magnitude = 10 ** between(random, -6, 8);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e38];
  const factor = (): number => (random() < 0.02 ? pick(random, odd) : magnitude * between(random, -1, 1));
  return {
    rank,
    scaling: between(random, 0.1, 4),
    inputScale: between(random, 0.001, 0.5),
    input: Int16Array.from({ length: inFeatures }, () => between(random, -255, 255)),
    loraA: randomInt8(random, rank * inFeatures),
    loraAScale: Float32Array.from({ length: rank }, () => between(random, 0.0001, 0.1)),
    loraB: Float32Array.from({ length: outFeatures * rank }, factor),
    bias: Float32Array.from({ length: outFeatures }, factor),
    step: Float32Array.from({ length: outFeatures }, () => between(random, 1e-5, 1e-2)),
    start: Int32Array.from({ length: outFeatures }, () => between(random, -1e6, 1e6)),
  };
};

const runAdapter = (engine: WasmEngine, adapter: AdapterCase): Int32Array => {
  const { rank, start, input } = adapter;
  const out = start.length;
  const channels = Math.ceil(out / 4) * 4;
  const adjusted = engine.allocate(channels * 4);
  engine.kernels!.adapterForward(
    place(engine, input),
    place(engine, adapter.loraA),
    place(engine, adapter.loraAScale),
    place(engine, adapter.loraB, channels * rank * 4),
    place(engine, adapter.bias, channels * 4),
    place(engine, adapter.step, channels * 4),
    place(engine, start, channels * 4),
    adjusted,
    engine.allocate(rank * 4),
    input.length,
    out,
    rank,
    adapter.inputScale,
    adapter.scaling,
  );
  return new Int32Array(engine.uint8.buffer, adjusted, out).slice();
};

kernels('adapterForward gives the bits of its twin for 300 random adapters, NaN and Inf among them', () => {
  const random = seeded(13);
  for (let round = 0; round < 300; round++) {
    const engine = createEngine({ memoryBytes: 4 << 20 });
    const adapter = randomAdapter(random, pick(random, SIZES), pick(random, SIZES), 1 + Math.floor(random() * 9));
    const what = `round ${round}, ${adapter.input.length} x ${adapter.start.length} rank ${adapter.rank}`;
    assert.equal(runAdapter(engine, adapter), adapterForwardReference(adapter), what);
  }
});

kernels.run();
