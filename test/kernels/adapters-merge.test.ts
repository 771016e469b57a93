import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeModel } from '../../kernels/adapters/merge-model.ts';
import type { PeftAdapter } from '../../kernels/adapters/peft.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { requantiseModel } from '../../kernels/quantise/requantise-model.ts';
import { createRandom } from '../../kernels/random.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { randomClassifier } from '../support/classifier.ts';
import { seeded } from '../support/models.ts';

const merging = suite('merging, and bases quantised anew');

const SHAPE = { channels: 12, hidden: [24, 16], classes: 5, seed: 21 };
const NAMES = ['dense1', 'dense2', 'logits'];

/** Runs a model with factors of a given size and returns its logits on the same inputs, real units. */
const logitsOf = (model: TfliteModel, size: number) => {
  const engine = createEngine({ memoryBytes: 1 << 20 });
  const interpreter = createInterpreter(readModel(writeModel(model), defaultModelLimits), {
    ...{ engine, limits: defaultModelLimits, keepActivations: true },
  });
  const set = interpreter.createAdapterSet({ rank: 2, scaling: 0.5 });
  initialiseAdapters(set, createRandom(3));
  const random = seeded(4);
  for (const { loraB, bias } of set.points) {
    for (const values of [loraB, bias]) for (let i = 0; i < values.length; i++) values[i] = size * (random() - 0.5);
  }
  const run = (adapted: boolean): number[] => {
    const inputs = seeded(5);
    const { data, scale, zeroPoint } = interpreter.logits;
    const input = interpreter.inputs[0]!;
    return Array.from({ length: 60 }, () => {
      for (let i = 0; i < input.data.length; i++) {
        input.data[i] = Math.max(-128, Math.min(127, Math.round((4 * inputs() - 2) / input.scale) + input.zeroPoint));
      }
      if (adapted) interpreter.invoke(set);
      else interpreter.invoke();
      return Array.from(data, (q) => scale * (q - zeroPoint));
    }).flat();
  };
  const adapter: PeftAdapter = {
    ...{ rank: 2, scaling: 0.5, notes: {} },
    layers: set.points.map(({ loraA, loraAScale, loraB, bias }, at) => {
      const { inFeatures, outFeatures } = interpreter.adapterPoints[at]!;
      const real = Float32Array.from(loraA, (q, i) => q * loraAScale[Math.floor(i / inFeatures)]!);
      return { name: NAMES[at]!, inFeatures, outFeatures, filter: null, loraA: real, loraB: loraB.slice(), bias };
    }),
  };
  return { plain: run(false), adapted: run(true), adapter };
};

const rms = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);

merging('a merged model says what the adapter beside the base says, to the error that is reported', () => {
  const model = randomClassifier(SHAPE);
  const { plain, adapted, adapter } = logitsOf(model, 1);
  const { model: merged, layers } = mergeModel(model, adapter);
  const fused = logitsOf(merged, 0).plain;
  assert.ok(rms(fused, adapted) < 0.15 * rms(plain, adapted), `${rms(fused, adapted)} of ${rms(plain, adapted)}`);
  for (const { name, deltaRms, errorRms } of layers) {
    assert.ok(errorRms > 0 && errorRms < 0.2 * deltaRms, `${name}: ${errorRms} of ${deltaRms}`);
  }
});

merging('an adapter of zeros changes no byte; a small one vanishes, and the figures say so', () => {
  const model = randomClassifier(SHAPE);
  const { adapter } = logitsOf(model, 0);
  assert.equal(writeModel(mergeModel(model, adapter).model).length > 0, true);
  const { model: same } = mergeModel(model, adapter);
  for (const [index, tensor] of model.subgraph.tensors.entries()) {
    const after = same.subgraph.tensors[index]!;
    assert.equal(same.buffers[after.buffer], model.buffers[tensor.buffer]);
    assert.equal(after.quantisation?.scale, tensor.quantisation?.scale);
  }
  const { layers } = mergeModel(model, logitsOf(model, 0.01).adapter);
  for (const { name, unchanged, errorRms, deltaRms } of layers) {
    assert.ok(unchanged > 0.6, `${name}: ${unchanged}`);
    assert.ok(errorRms > 0.3 * deltaRms, `${name}: ${errorRms} of ${deltaRms}`);
  }
});

merging('an adapter of another model is not merged', () => {
  const model = randomClassifier(SHAPE);
  const { adapter } = logitsOf(model, 1);
  assert.throws(() => mergeModel(randomClassifier({ ...SHAPE, hidden: [20, 16] }), adapter), /dense1 is 12→20/);
  const [first] = adapter.layers;
  assert.throws(() => mergeModel(model, { ...adapter, layers: [{ ...first!, name: 'dense9' }] }), /no layer computes/);
});

merging('an adapter has its effect on the base quantised with other scales and with int4 weights', () => {
  const model = randomClassifier(SHAPE);
  const { plain, adapted } = logitsOf(model, 1);
  const effect = adapted.map((value, i) => value - plain[i]!);
  for (const options of [
    { weightBits: 8, widen: 1.3 },
    { weightBits: 4, widen: 1.1 },
  ] as const) {
    const other = logitsOf(requantiseModel(model, options), 1);
    const theirs = other.adapted.map((value, i) => value - other.plain[i]!);
    const scale = rms(
      effect,
      effect.map(() => 0),
    );
    assert.ok(rms(other.plain, plain) > 0, 'it is another model');
    assert.ok(
      rms(theirs, effect) < (options.weightBits === 4 ? 0.35 : 0.2) * scale,
      `${rms(theirs, effect)} of ${scale}`,
    );
  }
});

merging.run();
