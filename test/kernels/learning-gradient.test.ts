import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GradientProgram } from '../../kernels/gradient/program.ts';
import type { LearningAdapter } from '../../kernels/gradient/rule.ts';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { crossEntropyGradient, softmaxInto } from '../../kernels/learning/softmax.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { randomClassifier } from '../support/classifier.ts';
import { seeded } from '../support/models.ts';

const SHAPE = { channels: 7, hidden: [13, 9], classes: 5, seed: 3 };
const RANK = 2;
const SCALING = 0.7;
const SMOOTHING = 0.1;

interface Adapted {
  readonly interpreter: Interpreter;
  readonly program: GradientProgram;
  readonly layers: readonly LearningAdapter[];
  readonly invoke: () => void;
}

/** A random network with random adapters, run once on a random input. */
function adapted(seed: number): Adapted {
  const model = randomClassifier({ ...SHAPE, seed });
  const interpreter = createInterpreter(model, {
    engine: createEngine({ memoryBytes: 1 << 20 }),
    limits: defaultModelLimits,
    keepActivations: true,
  });
  const set = interpreter.createAdapterSet({ rank: RANK, scaling: SCALING });
  initialiseAdapters(set, createRandom(seed));
  const random = seeded(seed + 1);
  for (const { loraB, bias } of set.points) {
    for (let i = 0; i < loraB.length; i++) loraB[i] = random() - 0.5;
    for (let i = 0; i < bias.length; i++) bias[i] = random() - 0.5;
  }
  const input = interpreter.inputs[0]!.data;
  for (let i = 0; i < input.length; i++) input[i] = Math.floor(random() * 200) - 100;
  interpreter.invoke(set);
  const program = new GradientProgram({ model, interpreter, adapters: set, points: [0, 1, 2] });
  return { interpreter, program, layers: program.adapters, invoke: () => interpreter.invoke(set) };
}

/** A layer's linear part in plain float64, with the factors as given. */
function affine(
  { point, factors }: LearningAdapter,
  x: readonly number[],
  loraB: Float64Array,
  bias: Float64Array,
): number[] {
  const { inFeatures, outFeatures, weights, weightScale } = point;
  const u = Array.from({ length: RANK }, (_, r) =>
    x.reduce((sum, value, i) => sum + factors.loraA[r * inFeatures + i]! * factors.loraAScale[r]! * value, 0),
  );
  return Array.from({ length: outFeatures }, (_, c) => {
    const base = x.reduce((sum, value, i) => sum + weights[c * inFeatures + i]! * weightScale[c]! * value, 0);
    return base + bias[c]! + SCALING * u.reduce((sum, value, r) => sum + loraB[c * RANK + r]! * value, 0);
  });
}

/**
 * Float twin of the adapted network around the point where the int8 engine stands: each layer adds the constant that
 * makes its output there equal the tapped one (rounding passed straight through), and outputs that ReLU clamped there
 * stay constant. Its loss is smooth, so finite differences of it are exact up to their own error.
 */
function twinLoss(
  { interpreter, layers }: Adapted,
  label: number,
): (loraB: Float64Array[], bias: Float64Array[]) => number {
  const { inputScale, input } = layers[0]!.point;
  const x0 = Array.from(input, (value) => value * inputScale);
  const tapped = layers.map(({ point }) =>
    Array.from(point.output, (q) => (q + point.outputOffset - point.outputZeroPoint) * point.outputScale),
  );
  const clamped = layers.map(({ point }, l) =>
    Array.from(point.output, (q) => l < layers.length - 1 && q + point.outputOffset <= point.activationMin),
  );
  const start = layers.map(
    ({ factors }) => [Float64Array.from(factors.loraB), Float64Array.from(factors.bias)] as const,
  );
  const offsets = layers.map((layer, l) => {
    const at = affine(layer, l === 0 ? x0 : tapped[l - 1]!, ...start[l]!);
    return at.map((value, c) => tapped[l]![c]! - value);
  });
  assert.is(interpreter.logits.data.length, SHAPE.classes);
  return (loraB, bias) => {
    let x = x0;
    layers.forEach((layer, l) => {
      const y = affine(layer, x, loraB[l]!, bias[l]!);
      x = y.map((value, c) => (clamped[l]![c] ? tapped[l]![c]! : value + offsets[l]![c]!));
    });
    const top = Math.max(...x);
    const total = Math.log(x.reduce((sum, value) => sum + Math.exp(value - top), 0)) + top;
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    return total - (1 - SMOOTHING) * x[label]! - SMOOTHING * mean;
  };
}

function backpropagate({ interpreter, program }: Adapted, label: number): void {
  const probabilities = new Float32Array(SHAPE.classes);
  softmaxInto(interpreter.logits, probabilities);
  crossEntropyGradient(probabilities, label, SMOOTHING, program.output);
  program.run();
}

const gradient = suite('gradients of the adapted int8 network');

gradient('dB and dbias of every layer equal finite differences of the float twin', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const network = adapted(seed);
    const label = seed % SHAPE.classes;
    backpropagate(network, label);
    const loss = twinLoss(network, label);
    const loraB = network.layers.map(({ factors }) => Float64Array.from(factors.loraB));
    const bias = network.layers.map(({ factors }) => Float64Array.from(factors.bias));
    const slope = (values: Float64Array, i: number): number => {
      const before = values[i]!;
      const h = 1e-4;
      values[i] = before + h;
      const above = loss(loraB, bias);
      values[i] = before - h;
      const below = loss(loraB, bias);
      values[i] = before;
      return (above - below) / (2 * h);
    };
    let largest = 0;
    network.layers.forEach((layer, l) => {
      for (const [values, analytic] of [
        [loraB[l]!, layer.loraBGradient],
        [bias[l]!, layer.biasGradient],
      ] as const) {
        analytic.forEach((value, i) => {
          const numeric = slope(values, i);
          assert.ok(Math.abs(value - numeric) < 1e-5, `seed ${seed} layer ${l} value ${i}: ${value} is not ${numeric}`);
          largest = Math.max(largest, Math.abs(value));
        });
      }
    });
    assert.ok(largest > 0.01, 'the gradient is not all zero');
  }
});

gradient('the rows of a rank-2 adapter get different gradients', () => {
  const network = adapted(2);
  backpropagate(network, 0);
  for (const { loraBGradient } of network.layers) {
    const column = (r: number): number[] => Array.from(loraBGradient).filter((_, i) => i % RANK === r);
    const [first, second] = [column(0), column(1)];
    assert.ok(
      first.some((value, i) => Math.abs(value - second[i]!) > 1e-3),
      'the two columns of dB differ',
    );
  }
});

gradient('gradients of several samples add up, and a clamped output gives none', () => {
  const network = adapted(4);
  backpropagate(network, 1);
  const once = network.layers.map(({ loraBGradient }) => loraBGradient.slice());
  backpropagate(network, 1);
  network.layers.forEach(({ loraBGradient }, l) => {
    loraBGradient.forEach((value, i) => {
      assert.ok(Math.abs(value - 2 * once[l]![i]!) < 1e-12);
    });
  });
  const { point, biasGradient } = network.layers[0]!;
  const clamped = Array.from(point.output.keys()).filter(
    (c) => point.output[c]! + point.outputOffset <= point.activationMin,
  );
  assert.ok(clamped.length > 0 && clamped.length < point.outFeatures, 'the input clamps some outputs and not others');
  for (const c of clamped) assert.is(biasGradient[c], 0);
});

gradient('a saturated logit is still led back, but never further out', () => {
  const network = adapted(5);
  const last = network.layers.at(-1)!;
  last.factors.bias.fill(0);
  last.factors.bias[0] = 100;
  network.invoke();
  assert.is(last.point.output[0]! + last.point.outputOffset, 127);
  network.program.output.fill(1);
  network.program.run();
  assert.is(last.biasGradient[0], 1, 'pulled back');
  network.program.output.fill(-1);
  network.program.run();
  assert.is(last.biasGradient[0], 1, 'not pushed');
});

gradient('without B and bias the adapted network is the frozen one, and gradient steps still start', () => {
  const network = adapted(6);
  for (const { factors } of network.layers) {
    factors.loraB.fill(0);
    factors.bias.fill(0);
  }
  network.invoke();
  const withAdapters = Array.from(network.interpreter.logits.data);
  network.interpreter.invoke();
  assert.equal(Array.from(network.interpreter.logits.data), withAdapters);
  network.invoke();
  backpropagate(network, 2);
  for (const { loraBGradient } of network.layers) assert.ok(loraBGradient.some((value) => value !== 0));
});

gradient.run();
