import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdapterSet, createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8, seeded } from '../support/models.ts';
import { rounds } from '../support/rounds.ts';

const kernels = suite('compiled kernels against their plain twins');

const SIZES = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 100, 129, 640, 1001];

const ROUNDS = rounds(100, 300);

const pick = <T>(random: () => number, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);

/** The same model on the compiled kernels and on their plain twins. */
const pair = (model: TfliteModel): readonly [Interpreter, Interpreter] => {
  const create = (which: 'compiled' | 'plain'): Interpreter => {
    const engine = createEngine({ memoryBytes: 16 << 20, kernels: which });
    return createInterpreter(model, { engine, limits, keepActivations: true });
  };
  return [create('compiled'), create('plain')];
};

const run = (interpreter: Interpreter, input: Int8Array, set?: AdapterSet): Int8Array => {
  interpreter.inputs[0]!.data.set(input);
  interpreter.invoke(set);
  return Int8Array.from(interpreter.outputs[0]!.data);
};

interface Shape {
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

const randomShape = (random: () => number): Shape => ({
  rows: pick(random, [1, 1, 1, 2, 3, 5, 9]),
  inFeatures: pick(random, SIZES),
  outFeatures: pick(random, SIZES),
});

/** One dense layer, or the same as a pointwise convolution, whose factors range from tiny to far beyond the output. */
const layerModel = (random: () => number, { rows, inFeatures, outFeatures }: Shape): TfliteModel => {
  const builder = new ModelBuilder();
  const isConvolution = random() < 0.5;
  const shape = (channels: number): number[] => (isConvolution ? [1, 1, rows, channels] : [rows, channels]);
  const input = builder.int8(shape(inFeatures), perTensor(0.03, Math.floor(between(random, -128, 128))));
  const magnitude = 10 ** between(random, -7, 6);
  const scales = Array.from({ length: outFeatures }, () => Math.fround(magnitude * between(random, 0.5, 2)));
  const filter = isConvolution ? [outFeatures, 1, 1, inFeatures] : [outFeatures, inFeatures];
  const values8 = randomInt8(random, inFeatures * outFeatures);
  // What TensorFlow writes has no −128, and a dense row is packed in another way then.
  const isSymmetric = random() < 0.5;
  const data = isSymmetric ? values8.map((value) => Math.max(-127, value)) : values8;
  const weights = builder.int8(filter, perChannel(scales), data);
  const values = Int32Array.from({ length: outFeatures }, () => between(random, -1e6, 1e6));
  const bias = builder.tensor(TensorType.int32, [outFeatures], perChannel(scales), values);
  const output = builder.int8(shape(outFeatures), perTensor(0.04, Math.floor(between(random, -128, 128))));
  const fusedActivation = Math.floor(random() * 4);
  if (isConvolution) {
    const fields = { padding: 1, strideW: 1, strideH: 1, dilationW: 1, dilationH: 1, fusedActivation };
    builder.operator(Builtin.conv2d, [input, weights, bias], [output], ['Conv2D', fields], 3);
  } else
    builder.operator(
      Builtin.fullyConnected,
      [input, weights, bias],
      [output],
      ['FullyConnected', { fusedActivation }],
      4,
    );
  return builder.build([input], [output]);
};

kernels('give the same bits when every sum is as large as it can be, of either sign', () => {
  for (const inFeatures of [1, 2, 255, 256, 257, 258, 511, 512, 513, 640, 1001]) {
    for (const [zeroPoint, x] of [
      [-128, 127],
      [127, -128],
    ] as const) {
      const builder = new ModelBuilder();
      const input = builder.int8([1, inFeatures], perTensor(0.03, zeroPoint));
      const out = 50;
      const signs = Int8Array.from({ length: out * inFeatures }, (_, i) =>
        Math.floor(i / inFeatures) % 3 ? 127 : -127,
      );
      const weights = builder.int8([out, inFeatures], perTensor(0.01, 0), signs);
      const output = builder.int8([1, out], perTensor(2 * inFeatures, 3));
      builder.operator(Builtin.fullyConnected, [input, weights, -1], [output], ['FullyConnected', {}], 4);
      const [compiled, plain] = pair(builder.build([input], [output]));
      const values = new Int8Array(inFeatures).fill(x);
      assert.equal(run(compiled, values), run(plain, values), `${inFeatures} of ${x}`);
    }
  }
});

kernels(`give the same bits for ${ROUNDS} random dense layers and pointwise convolutions`, () => {
  const random = seeded(12);
  for (let round = 0; round < ROUNDS; round++) {
    const shape = randomShape(random);
    const [compiled, plain] = pair(layerModel(random, shape));
    const input = randomInt8(random, shape.rows * shape.inFeatures);
    assert.equal(run(compiled, input), run(plain, input), `round ${round}: ${JSON.stringify(shape)}`);
    assert.equal(pointsOf(compiled), pointsOf(plain), `round ${round}: what learning sees`);
  }
});

/** Inputs without zero point and outputs of every row of every adapter point. */
const pointsOf = ({ adapterPoints }: Interpreter) =>
  adapterPoints.map(({ rows, inFeatures, outFeatures, input, output, outputOffset, inputIndex, outputIndex }) =>
    Array.from({ length: rows }, (_, row) => [
      Array.from(input.subarray(inputIndex(row), inputIndex(row) + inFeatures)),
      Array.from(output.subarray(outputIndex(row), outputIndex(row) + outFeatures), (value) => value + outputOffset),
    ]),
  );

kernels('round exact halves to even', () => {
  const outFeatures = 64;
  const builder = new ModelBuilder();
  const input = builder.int8([1, 1], perTensor(1, 0));
  const weights = builder.int8([outFeatures, 1], perChannel([0.5]), new Int8Array(outFeatures));
  const values = Int32Array.from({ length: outFeatures }, (_, column) => column - 32);
  const bias = builder.tensor(TensorType.int32, [outFeatures], perChannel([0.5]), values);
  const output = builder.int8([1, outFeatures], perTensor(1, 0));
  builder.operator(Builtin.fullyConnected, [input, weights, bias], [output], ['FullyConnected', {}], 4);
  for (const interpreter of pair(builder.build([input], [output]))) {
    const result = run(interpreter, new Int8Array(1));
    assert.is(result[32 + 1], 0, 'half to zero');
    assert.is(result[32 + 3], 2, 'one and a half to two');
    assert.is(result[32 - 5], -2, 'minus two and a half to minus two');
  }
});

/** The same wild factors in both sets: magnitudes over fourteen decades, NaN, infinities and −0 among them. */
const fillWildly = (random: () => number, sets: readonly AdapterSet[]): void => {
  const magnitude = 10 ** between(random, -6, 8);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e38];
  const factor = (): number => (random() < 0.02 ? pick(random, odd) : magnitude * between(random, -1, 1));
  sets[0]!.points.forEach(({ loraA, loraAScale, loraB, bias }, at) => {
    loraA.set(randomInt8(random, loraA.length));
    loraAScale.set(loraAScale.map(() => between(random, 0.0001, 0.1)));
    loraB.set(loraB.map(factor));
    bias.set(bias.map(factor));
    const other = sets[1]!.points[at]!;
    other.loraA.set(loraA);
    other.loraAScale.set(loraAScale);
    other.loraB.set(loraB);
    other.bias.set(bias);
  });
};

kernels(`give the same bits for ${ROUNDS} random adapters, NaN and Inf among them`, () => {
  const random = seeded(13);
  let moved = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const shape = randomShape(random);
    const both = pair(layerModel(random, shape));
    const options = { rank: 1 + Math.floor(random() * 9), scaling: between(random, 0.1, 4) };
    const sets = both.map((interpreter) => interpreter.createAdapterSet(options));
    fillWildly(random, sets);
    const input = randomInt8(random, shape.rows * shape.inFeatures);
    const [compiled, plain] = both.map((interpreter, index) => run(interpreter, input, sets[index]));
    assert.equal(compiled, plain, `round ${round}: ${JSON.stringify({ ...shape, ...options })}`);
    if (`${compiled}` !== `${run(both[0], input)}`) moved++;
  }
  assert.ok(moved > ROUNDS / 2, `adapters changed the output in ${moved} of ${ROUNDS} rounds only`);
});

kernels.run();
