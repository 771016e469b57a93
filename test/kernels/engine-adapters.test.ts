import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AdapterFactors,
  type AdapterPoint,
  type AdapterSet,
  createInterpreter,
  type Interpreter,
} from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { NetworkBuilder } from '../../tools/bench/network-builder.ts';
import { type DenseNetOptions, denseNet } from '../support/dense-net.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { refusalOf } from '../support/refusal.ts';

const adapters = suite('adapters in the accumulators');

const INPUTS = 23;
const NET: DenseNetOptions = {
  sizes: [INPUTS, 33, 18, 6],
  perChannel: true,
  activation: 1,
  ending: 'softmax',
  floatEnds: false,
  withBias: true,
};

const start = (random: () => number, options: Partial<DenseNetOptions> = {}): Interpreter => {
  const engine = createEngine({ memoryBytes: 8 << 20 });
  return createInterpreter(denseNet(random, { ...NET, ...options }), { engine, limits, keepActivations: true });
};

/** Factors of a size that moves outputs by several steps. */
const fillRandomly = (set: AdapterSet, random: () => number): void => {
  for (const { loraA, loraAScale, loraB, bias } of set.points) {
    loraA.set(randomInt8(random, loraA.length));
    for (let r = 0; r < loraAScale.length; r++) loraAScale[r] = 0.002 * (0.5 + random());
    for (let index = 0; index < loraB.length; index++) loraB[index] = 0.2 * (random() - 0.5);
    for (let index = 0; index < bias.length; index++) bias[index] = 0.5 * (random() - 0.5);
  }
};

const outputsOf = (interpreter: Interpreter, inputs: readonly Int8Array[], set?: AdapterSet): Int8Array[] =>
  inputs.map((input) => {
    interpreter.inputs[0]!.data.set(input);
    interpreter.invoke(set);
    return Int8Array.from(interpreter.outputs[0]!.data);
  });

adapters('with B and bias at zero give the frozen bits, whatever A holds', () => {
  const random = seeded(51);
  for (const rank of [1, 2, 3, 8, 64]) {
    const interpreter = start(random);
    const inputs = Array.from({ length: 20 }, () => randomInt8(random, INPUTS));
    const set = interpreter.createAdapterSet({ rank, scaling: 2 });
    const frozen = outputsOf(interpreter, inputs);
    assert.equal(outputsOf(interpreter, inputs, set), frozen);
    for (const { loraA, loraAScale } of set.points) {
      loraA.set(randomInt8(random, loraA.length));
      loraAScale.fill(0.01);
    }
    assert.equal(outputsOf(interpreter, inputs, set), frozen);
    fillRandomly(set, random);
    assert.not.equal(outputsOf(interpreter, inputs, set), frozen, 'the adapter does nothing');
    assert.equal(outputsOf(interpreter, inputs), frozen, 'an adapter leaves something behind');
  }
});

adapters('act at the chosen points alone, compiled and plain', () => {
  const random = seeded(57);
  const model = denseNet(random, NET);
  const inputs = Array.from({ length: 20 }, () => randomInt8(random, INPUTS));
  const results = (['compiled', 'plain'] as const).map((kernels) => {
    const engine = createEngine({ memoryBytes: 8 << 20, kernels });
    const interpreter = createInterpreter(model, { engine, limits, keepActivations: true });
    const chosen = interpreter.createAdapterSet({ rank: 2, scaling: 1, points: [1] });
    const all = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
    assert.equal(
      chosen.points.map(({ loraB }) => loraB.length),
      [0, 18 * 2, 0],
    );
    for (const set of [chosen, all]) {
      set.points[1]!.bias.fill(0.4);
      set.points[1]!.loraA.fill(3);
      set.points[1]!.loraAScale.fill(0.002);
      set.points[1]!.loraB.fill(0.1);
    }
    assert.equal(outputsOf(interpreter, inputs, chosen), outputsOf(interpreter, inputs, all));
    assert.not.equal(outputsOf(interpreter, inputs, chosen), outputsOf(interpreter, inputs));
    assert.is(
      refusalOf(() => interpreter.createAdapterSet({ rank: 2, scaling: 1, points: [3] })),
      'modelMismatch',
    );
    return outputsOf(interpreter, inputs, chosen);
  });
  assert.equal(results[0], results[1]);
});

/** Output of one channel in float64 from the formulas of DESIGN §4, in output steps, before its activation's clamp. */
const exactOutput = (point: AdapterPoint, factors: AdapterFactors, scaling: number, channel: number): number => {
  const { inFeatures, inputScale, weightScale, weights, input } = point;
  const rank = factors.loraAScale.length;
  let frozen = 0;
  for (let i = 0; i < inFeatures; i++) frozen += weights[channel * inFeatures + i]! * input[i]!;
  let delta = 0;
  for (let r = 0; r < rank; r++) {
    let u = 0;
    for (let i = 0; i < inFeatures; i++) u += factors.loraA[r * inFeatures + i]! * input[i]!;
    delta += factors.loraB[channel * rank + r]! * u * factors.loraAScale[r]! * inputScale;
  }
  const real = frozen * inputScale * weightScale[channel]! + factors.bias[channel]! + scaling * delta;
  return real / point.outputScale + point.outputZeroPoint;
};

adapters('an adapted layer lies within the stated rounding of float64', () => {
  const random = seeded(52);
  for (let round = 0; round < 30; round++) {
    const interpreter = start(random, { perChannel: round % 2 === 0, withBias: false });
    const scaling = 1.5;
    const set = interpreter.createAdapterSet({ rank: 1 + (round % 3), scaling });
    fillRandomly(set, random);
    outputsOf(interpreter, [randomInt8(random, INPUTS)], set);
    for (const [index, point] of interpreter.adapterPoints.entries()) {
      for (let channel = 0; channel < point.outFeatures; channel++) {
        const exact = exactOutput(point, set.points[index]!, scaling, channel);
        const clamped = Math.max(point.activationMin, Math.min(point.activationMax, exact));
        // Half an accumulator unit for the correction, half an output step for the requantisation, float32 steps.
        const unit = (point.inputScale * point.weightScale[channel]!) / point.outputScale;
        const error = Math.abs(point.output[channel]! + point.outputOffset - clamped);
        assert.ok(error <= 0.5 + 0.5 * unit + 1e-3, `layer ${index}, channel ${channel}: off by ${error} steps`);
      }
    }
  }
});

adapters('alpha over rank, input scale and weight scale enter once: doubling scaling equals doubling B', () => {
  const random = seeded(53);
  const interpreter = start(random);
  const inputs = Array.from({ length: 20 }, () => randomInt8(random, INPUTS));
  const once = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
  fillRandomly(once, random);
  const twice = interpreter.createAdapterSet({ rank: 2, scaling: 2 });
  for (const [index, point] of once.points.entries()) {
    const copy = twice.points[index]!;
    copy.loraA.set(point.loraA);
    copy.loraAScale.set(point.loraAScale);
    copy.loraB.set(point.loraB.map((value) => value / 2));
    copy.bias.set(point.bias);
  }
  assert.equal(outputsOf(interpreter, inputs, twice), outputsOf(interpreter, inputs, once));
});

adapters('two sets of one interpreter do not disturb each other', () => {
  const random = seeded(54);
  const interpreter = start(random);
  const inputs = Array.from({ length: 10 }, () => randomInt8(random, INPUTS));
  const first = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
  fillRandomly(first, random);
  const alone = outputsOf(interpreter, inputs, first);
  const second = interpreter.createAdapterSet({ rank: 3, scaling: 1 });
  fillRandomly(second, random);
  assert.not.equal(outputsOf(interpreter, inputs, second), alone);
  assert.equal(outputsOf(interpreter, inputs, first), alone);
});

adapters('wild factors saturate: the output stays in the clamp range and the next frozen run is untouched', () => {
  const random = seeded(55);
  const interpreter = start(random, { ending: 'logits' });
  const inputs = [randomInt8(random, INPUTS)];
  const frozen = outputsOf(interpreter, inputs);
  const set = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
  const last = interpreter.adapterPoints.length - 1;
  for (const [value, expected] of [
    [Number.POSITIVE_INFINITY, 127],
    [Number.NEGATIVE_INFINITY, -128],
    [3e38, 127],
    [-3e38, -128],
  ] as const) {
    set.points[last]!.bias.fill(value);
    assert.equal(outputsOf(interpreter, inputs, set), [new Int8Array(6).fill(expected)], `${value}`);
  }
  set.points[last]!.bias.fill(Number.NaN);
  assert.equal(outputsOf(interpreter, inputs, set), frozen, 'NaN adds nothing');
});

adapters('another interpreter, a rank of 0 or 65 and a scaling of NaN are refused', () => {
  const random = seeded(56);
  const interpreter = start(random);
  const foreign = start(random).createAdapterSet({ rank: 2, scaling: 1 });
  assert.is(
    refusalOf(() => interpreter.invoke(foreign)),
    'modelMismatch',
  );
  for (const options of [
    { rank: 0, scaling: 1 },
    { rank: 65, scaling: 1 },
    { rank: 1.5, scaling: 1 },
    { rank: 2, scaling: Number.NaN },
  ]) {
    assert.is(
      refusalOf(() => interpreter.createAdapterSet(options)),
      'modelMismatch',
    );
  }
});

adapters('wild factors on pixels: the same bits compiled and plain', () => {
  const network = new NetworkBuilder('wild', 5);
  const input = network.input([1, 3, 3, 2]);
  const file = writeModel(network.build(input, network.pointwise(network.pointwise(input, 16), 8)));
  const [compiled, plain] = (['compiled', 'plain'] as const).map((kernels) => {
    const engine = createEngine({ memoryBytes: 8 << 20, kernels });
    const interpreter = createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false });
    const set = interpreter.createAdapterSet({ rank: 1, scaling: 1 });
    const random = seeded(59);
    const inputs = Array.from({ length: 10 }, () => randomInt8(random, 18));
    // Beyond what the sums of the layer alone can reach: 2^22 steps of its output and more.
    for (const { bias } of set.points)
      bias.forEach((_, at) => {
        bias[at] = (random() - 0.5) * 10 ** (2 + Math.floor(random() * 7));
      });
    return outputsOf(interpreter, inputs, set);
  });
  assert.equal(compiled, plain);
});

adapters.run();
