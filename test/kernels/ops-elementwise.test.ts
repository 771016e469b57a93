import { suite } from 'uvu';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';
import { type Operand, singleOperatorFile } from '../support/single-operator.ts';

const elementwise = suite('elementwise operators bit for bit with TensorFlow Lite and XNNPACK');
const tflite = await createOracle();

const MEMORY_BYTES = 1 << 20;
const compare = (file: Uint8Array, inputs: readonly (readonly TensorValues[])[], what: string): void =>
  compareWithOracle(tflite, file, inputs, what, MEMORY_BYTES);

type Random = () => number;

/** Logarithmic between the bounds, as scales of real models are. */
const between = (random: Random, low: number, high: number): number =>
  Math.fround(low * Math.exp(random() * Math.log(high / low)));
const zeroPoint = (random: Random): number => Math.floor(random() * 256) - 128;
const quantisation = (random: Random, scale: number): Quantisation => perTensor(scale, zeroPoint(random));

const int8 = (shape: readonly number[], quantised: Quantisation, data?: Int8Array): Operand =>
  data === undefined
    ? { type: TensorType.int8, shape, quantisation: quantised }
    : { type: TensorType.int8, shape, quantisation: quantised, data };
const int16 = (shape: readonly number[], scale: number): Operand => ({
  type: TensorType.int16,
  shape,
  quantisation: perTensor(scale, 0),
});
const float = (shape: readonly number[], data?: Float32Array): Operand =>
  data === undefined
    ? { type: TensorType.float32, shape, quantisation: null }
    : { type: TensorType.float32, shape, quantisation: null, data };

/** All 65,536 pairs of int8 values. */
const everyA = Int8Array.from({ length: 65536 }, (_, index) => (index >> 8) - 128);
const everyB = Int8Array.from({ length: 65536 }, (_, index) => (index & 255) - 128);
const everyPair = [everyA, everyB];
const square = [256, 256];
const everyInt8 = Int8Array.from({ length: 256 }, (_, index) => index - 128);
const everyInt16 = Int16Array.from({ length: 65536 }, (_, index) => index - 32768);
const randomInt16 = (random: Random, length: number): Int16Array =>
  Int16Array.from({ length }, () => Math.floor(random() * 65536) - 32768);
const randomFloats = (random: Random, length: number): Float32Array =>
  Float32Array.from({ length }, () => (random() - 0.5) * 20);

const binaries = [
  { name: 'ADD', code: Builtin.add, options: 'Add', version: 2 },
  { name: 'SUB', code: Builtin.sub, options: 'Sub', version: 2 },
  { name: 'MUL', code: Builtin.mul, options: 'Mul', version: 2 },
  { name: 'MAXIMUM', code: Builtin.maximum, options: 'MaximumMinimum', version: 2 },
  { name: 'MINIMUM', code: Builtin.minimum, options: 'MaximumMinimum', version: 2 },
] as const;
const fusing = binaries.slice(0, 3);

const compareBinary = (
  { name, code, options, version }: (typeof binaries)[number],
  operands: readonly [Operand, Operand, Operand],
  inputs: readonly (readonly TensorValues[])[],
  fields: Record<string, number | boolean> = {},
): void => {
  const [a, b, output] = operands;
  const file = singleOperatorFile({ code, inputs: [a, b], output, options: [options, fields], version });
  const scales = operands.map((operand) => operand.quantisation?.scale[0]);
  compare(file, inputs, `${name} of [${a.shape}] and [${b.shape}], scales ${scales}`);
};

elementwise(
  'all 65,536 pairs for ADD, SUB and MUL, over ratios of scales that XNNPACK takes and leaves, all clamps',
  () => {
    const random = seeded(31);
    for (const operator of fusing) {
      for (let round = 0; round < 24; round++) {
        const outputScale = between(random, 0.005, 0.1);
        const [low, high] = round % 4 === 3 ? [1 / 4096, 500] : [0.05, 8];
        const share = operator.name === 'MUL' ? between(random, 0.3, 3) : outputScale;
        const a = quantisation(random, share * between(random, low, high));
        const b = quantisation(
          random,
          operator.name === 'MUL' ? outputScale / share : share * between(random, low, high),
        );
        const output = quantisation(random, outputScale);
        compareBinary(operator, [int8(square, a), int8(square, b), int8(square, output)], [everyPair], {
          fusedActivation: round % 2 === 0 ? 0 : (round >> 1) % 4,
        });
      }
    }
  },
);

elementwise('ties: scales that are powers of two', () => {
  const random = seeded(32);
  for (const operator of fusing) {
    for (let round = 0; round < 12; round++) {
      const scale = () => 2 ** -Math.floor(random() * 6);
      const [a, b, output] = [scale(), scale(), 2 * scale()].map((value) => quantisation(random, value));
      compareBinary(operator, [int8(square, a!), int8(square, b!), int8(square, output!)], [everyPair]);
    }
  }
});

elementwise('the last ratio that XNNPACK takes for ADD and SUB and the first that it leaves, which round apart', () => {
  for (const operator of fusing.slice(0, 2)) {
    for (const ratio of [256 * (1 - 2 ** -24), 256]) {
      const [a, b, output] = [perTensor(ratio / 64, -7), perTensor(Math.fround(5.123 / 64), 11), perTensor(1 / 64, 3)];
      compareBinary(operator, [int8(square, a), int8(square, b), int8(square, output)], [everyPair]);
    }
  }
});

/** Shapes of the operands and of what they make. */
const MEETINGS: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [[7], [7], [7]],
  [[2, 3, 5], [1], [2, 3, 5]],
  [
    [1, 1, 1, 1],
    [1, 4, 3, 7],
    [1, 4, 3, 7],
  ],
  [[1, 4, 3, 7], [7], [1, 4, 3, 7]],
  [
    [1, 1, 1, 9],
    [1, 3, 5, 9],
    [1, 3, 5, 9],
  ],
  [
    [1, 3, 5, 1],
    [1, 3, 5, 9],
    [1, 3, 5, 9],
  ],
  [
    [2, 1, 5, 1],
    [2, 3, 1, 4],
    [2, 3, 5, 4],
  ],
  [
    [3, 1],
    [1, 4],
    [3, 4],
  ],
  [
    [2, 1, 3],
    [4, 1],
    [2, 4, 3],
  ],
];
/** XNNPACK broadcasts up to six dimensions, TFLite's own kernels of MAXIMUM and MINIMUM fewer. */
const DEEP_MEETINGS = [
  [
    [2, 1, 2, 1, 3],
    [1, 3, 2, 2, 1],
    [2, 3, 2, 2, 3],
  ],
  [
    [1, 2, 1, 3, 1, 2],
    [2, 1, 2, 1, 3, 1],
    [2, 2, 2, 3, 3, 2],
  ],
] as const;

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

elementwise('broadcasting, with computed and with constant operands, int8 and float32', () => {
  const random = seeded(33);
  for (const operator of binaries) {
    const meetings = fusing.some(({ code }) => code === operator.code) ? [...MEETINGS, ...DEEP_MEETINGS] : MEETINGS;
    for (const [first, second, result] of meetings) {
      const [a, b, output] = [0.02, 0.03, 0.04].map((scale) => quantisation(random, scale));
      const shared = operator.options === 'MaximumMinimum' ? a! : null;
      const of = (own: Quantisation | undefined): Quantisation => shared ?? own!;
      const inputs = Array.from({ length: 3 }, () => [
        randomInt8(random, count(first)),
        randomInt8(random, count(second)),
      ]);
      compareBinary(operator, [int8(first, of(a)), int8(second, of(b)), int8(result, of(output))], inputs);
      const constant = randomInt8(random, count(second));
      compareBinary(
        operator,
        [int8(first, of(a)), int8(second, of(b), constant), int8(result, of(output))],
        inputs.map(([values]) => [values!]),
      );
      const floats = [randomFloats(random, count(first)), randomFloats(random, count(second))];
      compareBinary(operator, [float(first), float(second), float(result)], [floats]);
    }
  }
});

elementwise('int16: ADD and SUB with general and with power-of-two scales, MUL, MAXIMUM, MINIMUM', () => {
  const random = seeded(34);
  const shape = [3, 700];
  for (const operator of binaries) {
    for (let round = 0; round < 16; round++) {
      const exact = round % 2 === 1 && operator.options !== 'Mul';
      const output = exact ? 2 ** -10 : between(random, 1e-4, 1e-2);
      const a = exact ? output : output * between(random, 0.1, 4);
      const b = exact ? output * 2 ** -Math.floor(random() * 6) : output * between(random, 0.1, 4);
      const scales = operator.options === 'Mul' ? [between(random, 1e-3, 1e-2), between(random, 1e-3, 1e-2)] : [a, b];
      const operands = round % 4 === 3 ? [scales[1]!, scales[0]!] : scales;
      const inputs = [[randomInt16(random, 2100), randomInt16(random, 2100)]];
      const fields = exact || operator.options === 'MaximumMinimum' ? {} : { fusedActivation: round % 4 };
      compareBinary(
        { ...operator, version: operator.options === 'Add' ? 3 : operator.options === 'Sub' ? 5 : 4 } as never,
        [int16(shape, operands[0]!), int16(shape, operands[1]!), int16(shape, output)],
        inputs,
        fields,
      );
    }
  }
});

const compareUnary = (
  code: number,
  [from, to]: readonly [Operand, Operand],
  inputs: readonly TensorValues[],
  options: [string, Record<string, number>] | null,
  version: number,
): void => {
  const file = singleOperatorFile({ code, inputs: [from], output: to, options, version });
  const scales = [from, to].map(({ quantisation: q }) => `${q?.scale[0]} ${q?.zeroPoint[0]}`);
  compare(
    file,
    inputs.map((input) => [input]),
    `operator ${code}, ${JSON.stringify(options)}, from ${scales.join(' to ')}`,
  );
};

elementwise('RELU, RELU_N1_TO_1, RELU6, HARD_SWISH, TANH and LOGISTIC of every int8 value over many scales', () => {
  const random = seeded(35);
  const shape = [1, 256];
  for (let round = 0; round < 60; round++) {
    const from = quantisation(random, between(random, 0.002, 0.4));
    const near = quantisation(random, between(random, 0.005, 0.1));
    const probability = perTensor(1 / 256, -128);
    const cases = [
      [Builtin.relu, near, null, 2],
      [Builtin.reluN1To1, near, null, 1],
      [Builtin.relu6, near, null, 2],
      [Builtin.hardSwish, quantisation(random, from.scale[0]! * between(random, 0.01, 4)), ['HardSwish', {}], 1],
      [Builtin.tanh, round % 2 === 0 ? perTensor(1 / 128, 0) : near, null, 2],
      [Builtin.logistic, probability, null, 2],
    ] as const;
    for (const [code, to, options, version] of cases) {
      compareUnary(code, [int8(shape, from), int8(shape, to)], [everyInt8], options as never, version);
    }
  }
});

elementwise('LEAKY_RELU of every int8 value, over slopes and scales that XNNPACK takes and leaves', () => {
  const random = seeded(36);
  for (let round = 0; round < 150; round++) {
    const to = perTensor(Math.fround(0.05), Math.floor(random() * 120) - 60);
    // Ratios that are too small for XNNPACK leave two values at best: with 255 steps above zero.
    const small = round % 10 === 0;
    const ratio = small ? between(random, 1 / 400, 1 / 256) : between(random, 1 / 32, 200);
    const from = perTensor(Math.fround(0.05 * ratio), small ? -128 : Math.floor(random() * 120) - 60);
    const alpha = Math.fround((random() < 0.3 ? -1 : 1) * between(random, 0.0005, 3));
    compareUnary(
      Builtin.leakyRelu,
      [int8([1, 256], from), int8([1, 256], to)],
      [everyInt8],
      ['LeakyRelu', { alpha }],
      2,
    );
  }
});

elementwise('PRELU with a slope for each channel, each pixel and one for all', () => {
  const random = seeded(37);
  const shape = [1, 4, 3, 17];
  for (let round = 0; round < 30; round++) {
    const slopes = [[1, 1, 17], [4, 3, 17], [1], [4, 1, 1]][round % 4]!;
    const slope = quantisation(random, between(random, 0.001, 0.02));
    const [from, to] = [quantisation(random, 0.05), quantisation(random, between(random, 0.02, 0.2))];
    const alpha = int8(slopes, slope, randomInt8(random, count(slopes)));
    const quantised = { code: Builtin.prelu, inputs: [int8(shape, from), alpha], output: int8(shape, to) };
    const inputs = Array.from({ length: 3 }, () => [randomInt8(random, count(shape))]);
    compare(singleOperatorFile(quantised), inputs, `PRELU with slopes [${slopes}]`);
    const floatAlpha = float([1, 1, 17], randomFloats(random, 17));
    const plain = { code: Builtin.prelu, inputs: [float(shape), floatAlpha], output: float(shape) };
    compare(singleOperatorFile(plain), [[randomFloats(random, count(shape))]], 'PRELU of float32');
  }
});

elementwise('LEAKY_RELU, TANH and LOGISTIC of every int16 value', () => {
  const random = seeded(38);
  const shape = [256, 256];
  for (let round = 0; round < 8; round++) {
    const from = int16(shape, between(random, 1e-5, 1e-3));
    const alpha = Math.fround(between(random, 0.01, 1));
    const to = int16(shape, from.quantisation!.scale[0]! * between(random, 0.3, 3));
    compareUnary(Builtin.leakyRelu, [from, to], [everyInt16], ['LeakyRelu', { alpha }], 2);
    const argument = round < 2 ? int16(shape, 2 ** (round - 12)) : from;
    const fraction = int16(shape, 1 / 32768);
    compareUnary(Builtin.tanh, [argument, fraction], [everyInt16], null, 3);
    compareUnary(Builtin.logistic, [argument, fraction], [everyInt16], null, 3);
  }
});

elementwise('float32: RELU, RELU6, RELU_N1_TO_1, LEAKY_RELU, HARD_SWISH', () => {
  const random = seeded(39);
  const shape = [3, 333];
  const inputs = [randomFloats(random, 999)];
  for (const [code, options, version] of [
    [Builtin.relu, null, 1],
    [Builtin.relu6, null, 1],
    [Builtin.reluN1To1, null, 1],
    [Builtin.leakyRelu, ['LeakyRelu', { alpha: Math.fround(0.3) }], 1],
    [Builtin.hardSwish, ['HardSwish', {}], 1],
  ] as const) {
    compareUnary(code, [float(shape), float(shape)], inputs, options as never, version);
  }
});

elementwise.run();
