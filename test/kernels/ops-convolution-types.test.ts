import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';

const types = suite('convolutions of int16, float32 and int4, and in reference numerics');
const tflite = await createOracle();

const OPERATORS = ['conv', 'depthwise', 'dense', 'transposed'] as const;
type Operator = (typeof OPERATORS)[number];

/** Shapes that go with an input of 2 × 6 × 5 × 3 (or 5 × 36 for the dense layer) and 6 output channels. */
const FILTER = { conv: [6, 3, 2, 3], depthwise: [1, 3, 2, 6], dense: [6, 36], transposed: [6, 3, 2, 3] };
const INPUT = { conv: [2, 6, 5, 3], depthwise: [2, 6, 5, 3], dense: [5, 36], transposed: [2, 6, 5, 3] };
const OUTPUT = { conv: [2, 6, 5, 6], depthwise: [2, 6, 5, 6], dense: [5, 6], transposed: [2, 12, 10, 6] };
const ELEMENTS = 180;
const CHANNELS = 6;

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

/** Connects input, weights and bias (−1: none) with one operator. */
const finish = (
  builder: ModelBuilder,
  operator: Operator,
  [input, weights, bias]: readonly [number, number, number],
  output: number,
  activation: number,
): Uint8Array => {
  const operands = bias < 0 ? [input, weights] : [input, weights, bias];
  const stride = operator === 'transposed' ? 2 : 1;
  const window = { padding: 0, strideH: stride, strideW: stride, fusedActivation: activation };
  if (operator === 'conv') builder.operator(Builtin.conv2d, operands, [output], ['Conv2D', window], 6);
  if (operator === 'depthwise') {
    const fields = { ...window, depthMultiplier: 2 };
    builder.operator(Builtin.depthwiseConv2d, operands, [output], ['DepthwiseConv2D', fields], 6);
  }
  if (operator === 'dense') {
    const fields = { fusedActivation: activation };
    builder.operator(Builtin.fullyConnected, [input, weights, bias], [output], ['FullyConnected', fields], 7);
  }
  if (operator === 'transposed') {
    const shape = builder.tensor(TensorType.int32, [4], null, Int32Array.from(OUTPUT.transposed));
    const reordered = [shape, weights, input, ...operands.slice(2)];
    builder.operator(Builtin.transposeConv, reordered, [output], ['TransposeConv', window], 3);
  }
  return writeModel(builder.build([input], [output]));
};

const run = (file: Uint8Array, input: TensorValues, numerics: Numerics): TensorValues => {
  const engine = createEngine({ memoryBytes: 4 << 20 });
  const model = createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false, numerics });
  model.inputs[0]!.data.set(input);
  model.invoke();
  return model.outputs[0]!.data.slice();
};

const weightQuantisation = (operator: Operator, random: () => number, channelwise: boolean) => {
  const scales = Array.from({ length: channelwise ? CHANNELS : 1 }, () => Math.fround(0.004 + random() * 0.01));
  return { ...perChannel(scales), quantizedDimension: operator === 'depthwise' ? 3 : 0 };
};

types('int16 activations with int64 biases as TFLite, 32 models', () => {
  const random = seeded(41);
  for (const operator of OPERATORS) {
    for (let round = 0; round < 8; round++) {
      const builder = new ModelBuilder();
      const input = builder.tensor(TensorType.int16, INPUT[operator], perTensor(0.001, 0));
      const quantisation = weightQuantisation(operator, random, round % 2 === 1);
      const filter = FILTER[operator];
      const weights = builder.int8(filter, quantisation, randomInt8(random, elementsOf(filter)));
      const values = BigInt64Array.from({ length: CHANNELS }, () => BigInt(Math.floor((random() - 0.5) * 1e7)));
      const bias = builder.tensor(TensorType.int64, [CHANNELS], perTensor(1e-5, 0), values);
      const output = builder.tensor(
        TensorType.int16,
        OUTPUT[operator],
        perTensor(Math.fround(0.002 + random() / 50), 0),
      );
      // The oracle's TRANSPOSE_CONV is from before it had a fused activation, its CONV_2D needs a bias.
      const activation = operator === 'transposed' ? 0 : round % 4;
      const chosen = operator !== 'conv' && round >= 6 ? -1 : bias;
      const file = finish(builder, operator, [input, weights, chosen], output, activation);
      const inputs = Array.from({ length: 4 }, () => [
        Int16Array.from({ length: ELEMENTS }, () => Math.floor(random() * 65536) - 32768),
      ]);
      compareWithOracle(tflite, file, inputs, `${operator} ${round}`);
    }
  }
});

types('float32 as TFLite, up to the order of additions', () => {
  const random = seeded(42);
  const floats = (length: number) => Float32Array.from({ length }, () => random() * 2 - 1);
  for (const operator of OPERATORS) {
    for (let round = 0; round < 4; round++) {
      const builder = new ModelBuilder();
      const input = builder.tensor(TensorType.float32, INPUT[operator], null);
      const weights = builder.tensor(TensorType.float32, FILTER[operator], null, floats(elementsOf(FILTER[operator])));
      const bias = builder.tensor(TensorType.float32, [CHANNELS], null, floats(CHANNELS));
      const output = builder.tensor(TensorType.float32, OUTPUT[operator], null);
      const activation = operator === 'transposed' ? 0 : round;
      const file = finish(builder, operator, [input, weights, bias], output, activation);
      const values = floats(ELEMENTS);
      const expected = tflite.load(file).run(values);
      const found = run(file, values, 'fp32-rne');
      found.forEach((value, index) => {
        assert.ok(Math.abs(value - expected[index]!) < 2e-6, `${operator} ${round}: ${value}, not ${expected[index]}`);
      });
    }
  }
});

types('int4 weights give what the same weights give as int8', () => {
  const random = seeded(43);
  for (const operator of OPERATORS) {
    for (const numerics of ['fp32-rne', 'reference'] as const) {
      const filter = FILTER[operator].with(-1, operator === 'depthwise' ? 6 : FILTER[operator].at(-1)!);
      const values = Int8Array.from({ length: elementsOf(filter) }, () => Math.floor(random() * 16) - 8);
      const packed = new Uint8Array(Math.ceil(values.length / 2));
      for (const [index, value] of values.entries()) packed[index >> 1]! |= (value & 15) << (4 * (index & 1));
      const quantisation = weightQuantisation(operator, random, true);
      const outputs = [TensorType.int4, TensorType.int8].map((type) => {
        const builder = new ModelBuilder();
        const input = builder.int8(INPUT[operator], perTensor(0.05, -7));
        const weights = builder.tensor(type, filter, quantisation, type === TensorType.int4 ? packed : values);
        const output = builder.int8(OUTPUT[operator], perTensor(0.02, 5));
        const file = finish(builder, operator, [input, weights, -1], output, 0);
        return run(file, randomInt8(seeded(44), ELEMENTS), numerics);
      });
      assert.equal(outputs[0], outputs[1], `${operator} ${numerics}`);
      assert.ok(new Set(outputs[0]).size > 20, 'the outputs spread');
    }
  }
});

types('reference CONV_2D and FULLY_CONNECTED round as the two stages of TFLite', () => {
  // Without a bias TFLite's wasm build leaves DEPTHWISE_CONV_2D to its own kernel; over one channel it is either one.
  const random = seeded(45);
  const [length, channels] = [4, 96];
  let differences = 0;
  for (let round = 0; round < 20; round++) {
    // Powers of two make ties frequent, where the two roundings differ.
    const scales = Array.from({ length: channels }, (_, channel) => (channel % 3 === 0 ? random() / 16 : 1 / 16));
    const data = randomInt8(random, length * channels);
    const transposed = Int8Array.from(data, (_, at) => data[(at % length) * channels + Math.floor(at / length)]!);
    const [from, to] = [perTensor(1 / 32, -20), perTensor(1 / 8, 11)];
    const window = { padding: 1, strideH: 1, strideW: 1 };
    const build = (shape: readonly number[], filter: readonly number[], values: Int8Array, dimension: number) => {
      const builder = new ModelBuilder();
      const input = builder.int8(shape, from);
      const weights = builder.int8(filter, { ...perChannel(scales), quantizedDimension: dimension }, values);
      return {
        builder,
        input,
        weights,
        output: builder.int8(shape.length === 2 ? [1, channels] : [1, 1, 1, channels], to),
      };
    };
    const own = build([1, 1, length, 1], [1, 1, length, channels], data, 3);
    const fields = { ...window, depthMultiplier: channels };
    own.builder.operator(
      Builtin.depthwiseConv2d,
      [own.input, own.weights],
      [own.output],
      ['DepthwiseConv2D', fields],
      3,
    );
    const dense = build([1, length], [channels, length], transposed, 0);
    dense.builder.operator(
      Builtin.fullyConnected,
      [dense.input, dense.weights],
      [dense.output],
      ['FullyConnected', {}],
    );
    const conv = build([1, 1, length, 1], [channels, 1, length, 1], transposed, 0);
    conv.builder.operator(Builtin.conv2d, [conv.input, conv.weights], [conv.output], ['Conv2D', window]);
    const values = randomInt8(random, length);
    const expected = tflite.load(writeModel(own.builder.build([own.input], [own.output]))).run(values);
    for (const { builder, input, output } of [dense, conv]) {
      const file = writeModel(builder.build([input], [output]));
      assert.equal(run(file, values, 'reference'), expected, `round ${round}`);
      run(file, values, 'fp32-rne').forEach((value, index) => {
        if (value !== expected[index]) differences++;
      });
    }
  }
  assert.ok(differences > 0, 'no sum fell where the two roundings differ');
});

types.run();
