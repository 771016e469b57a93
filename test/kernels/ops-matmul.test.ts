import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { multiplySingleRounding, singleRounding } from '../../kernels/ops/fixed-point-single.ts';
import { multiplyWide, wideMultiplier } from '../../kernels/ops/fixed-point-wide.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';
import { refusalOf } from '../support/refusal.ts';

const matmul = suite('BATCH_MATMUL');
const tflite = await createOracle();

interface Product {
  readonly type: number;
  readonly lhs: readonly number[];
  readonly rhs: readonly number[];
  readonly output: readonly number[];
  readonly adjX: boolean;
  readonly adjY: boolean;
  /** Which side is a constant of the model, if any. */
  readonly constant: 'lhs' | 'rhs' | 'none';
  readonly quantisations: readonly (Quantisation | null)[];
}

const size = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

const values = (random: () => number, type: number, length: number): TensorValues => {
  if (type === TensorType.int8) return randomInt8(random, length);
  if (type === TensorType.int16) return Int16Array.from({ length }, () => Math.floor(random() * 65536) - 32768);
  return Float32Array.from({ length }, () => random() * 2 - 1);
};

/** The model of one product, with its run-time operands as inputs. */
const model = (random: () => number, product: Product): TfliteModel => {
  const builder = new ModelBuilder();
  const operand = (side: 'lhs' | 'rhs', at: number): number => {
    const constant = product.constant === side ? values(random, product.type, size(product[side])) : undefined;
    return builder.tensor(product.type, product[side], product.quantisations[at]!, constant);
  };
  const operands = [operand('lhs', 0), operand('rhs', 1)];
  const output = builder.tensor(product.type, product.output, product.quantisations[2]!);
  const { adjX, adjY } = product;
  builder.operator(Builtin.batchMatmul, operands, [output], ['BatchMatMul', { adjX, adjY }], 4);
  const inputs = operands.filter((_, at) => product.constant !== (at === 0 ? 'lhs' : 'rhs'));
  return builder.build(inputs, [output]);
};

const pick = <T>(random: () => number, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

/** Random shapes up to rank 4, adjoints, broadcasts and scales; outputs spread over about the range of the type. */
const randomProduct = (random: () => number, type: number): Product => {
  const dimension = (): number => 1 + Math.floor(random() * 9);
  const [rows, depth, columns] = [dimension(), pick(random, [1, 2, 3, 7, 16, 31, 64]), dimension()];
  const batch = Array.from({ length: Math.floor(random() * 3) }, () => 1 + Math.floor(random() * 3));
  const broadcast = (): number[] => {
    const own = batch.map((length) => (random() < 0.3 ? 1 : length));
    return random() < 0.3 ? own.slice(Math.floor(random() * (own.length + 1))) : own;
  };
  const [lhsBatch, rhsBatch] = [broadcast(), broadcast()];
  const rank = Math.max(lhsBatch.length, rhsBatch.length);
  const at = (own: readonly number[], index: number): number => own[index - (rank - own.length)] ?? 1;
  const output = Array.from({ length: rank }, (_, index) => Math.max(at(lhsBatch, index), at(rhsBatch, index)));
  const [adjX, adjY] = [random() < 0.5, random() < 0.5];
  const scales = [0.001 + random() * 0.1, 0.001 + random() * 0.1];
  const zero = (): number => (type === TensorType.int8 ? pick(random, [-128, -9, 0, 5, 127]) : 0);
  const zeros = [zero(), zero(), type === TensorType.int8 ? pick(random, [-20, 0, 31]) : 0];
  const [deviation, range] = type === TensorType.int8 ? [74, 60] : [18918, 15000];
  const spread = deviation * deviation * Math.sqrt(depth) + depth * Math.abs(zeros[0]! * zeros[1]!);
  const outputScale = (scales[0]! * scales[1]! * spread) / range;
  return {
    type,
    lhs: [...lhsBatch, ...(adjX ? [depth, rows] : [rows, depth])],
    rhs: [...rhsBatch, ...(adjY ? [columns, depth] : [depth, columns])],
    output: [...output, rows, columns],
    adjX,
    adjY,
    constant: pick(random, ['lhs', 'rhs', 'none'] as const),
    quantisations:
      type === TensorType.float32
        ? [null, null, null]
        : [...scales, outputScale].map((scale, side) => perTensor(scale, zeros[side]!)),
  };
};

const inputsOf = (random: () => number, { subgraph }: TfliteModel): TensorValues[] =>
  subgraph.inputs.map((index) => {
    const { type, shape } = subgraph.tensors[index]!;
    return values(random, type, size(shape));
  });

for (const type of [TensorType.int8, TensorType.int16]) {
  matmul(`random products of type ${type}: bit for bit with TFLite`, () => {
    const random = seeded(401 + type);
    for (let round = 0; round < 60; round++) {
      const product = randomProduct(random, type);
      const built = model(random, product);
      const inputs = Array.from({ length: 6 }, () => inputsOf(random, built));
      compareWithOracle(tflite, writeModel(built), inputs, `round ${round}: ${JSON.stringify(product)}`);
    }
  });
}

const run = (interpreter: Interpreter, inputs: readonly TensorValues[]): TensorValues => {
  for (const [index, input] of inputs.entries()) interpreter.inputs[index]!.data.set(input);
  interpreter.invoke();
  return interpreter.outputs[0]!.data;
};

const load = (built: TfliteModel): Interpreter =>
  createInterpreter(built, { engine: createEngine({ memoryBytes: 8 << 20 }), limits, keepActivations: false });

matmul('random float32 products: within rounding of TFLite', () => {
  const random = seeded(403);
  for (let round = 0; round < 40; round++) {
    const product = randomProduct(random, TensorType.float32);
    const built = model(random, product);
    const theirs = tflite.load(writeModel(built));
    const ours = load(built);
    const inputs = inputsOf(random, built);
    const expected = theirs.runAll(inputs)[0]!;
    const found = run(ours, inputs);
    for (const [index, value] of expected.entries()) {
      assert.ok(Math.abs(found[index]! - value) < 2e-5, `round ${round}, value ${index}: ${found[index]}, ${value}`);
    }
  }
});

matmul('an accumulator of 48 bits is multiplied and rounded half up exactly', () => {
  const random = seeded(404);
  const bits = (count: number): number => Math.floor(random() * 2 ** count);
  for (let round = 0; round < 20_000; round++) {
    const value = (bits(48) - bits(48)) * (round % 5 === 0 ? 2 ** -Math.floor(random() * 40) : 1);
    const acc = Math.floor(value);
    const multiplier = round % 7 === 0 ? 0x7fff0000 + bits(15) : 1073741824 + bits(30);
    const shift = Math.floor(random() * 46) - 31;
    const reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
    const total = BigInt(15 - shift);
    const exact = (BigInt(acc) * BigInt(reduced) + (1n << (total - 1n))) >> total;
    const clamped = exact > 2147483647n ? 2147483647 : exact < -2147483648n ? -2147483648 : Number(exact);
    assert.is(multiplyWide(acc, wideMultiplier({ multiplier, shift })), clamped, `${acc} x ${multiplier} >> ${shift}`);
  }
});

matmul('an int32 accumulator is multiplied and rounded half up once, exactly, ties included', () => {
  const random = seeded(406);
  for (let round = 0; round < 20_000; round++) {
    const shift = Math.floor(random() * 40) - 31;
    const tie = round % 3 === 0;
    const multiplier = tie ? 1073741824 : 1073741824 + Math.floor(random() * 1073741824);
    const scale = 2 ** -Math.floor(random() * 31);
    const accumulator = Math.floor((random() * 2 - 1) * 2147483647 * (tie ? 1 : scale));
    const total = BigInt(31 - shift);
    const exact = (BigInt(accumulator) * BigInt(multiplier) + (1n << (total - 1n))) >> total;
    const found = multiplySingleRounding(accumulator, singleRounding({ multiplier, shift }));
    assert.is(BigInt(found), exact, `${accumulator} x ${multiplier} >> ${shift}`);
  }
  const half = singleRounding({ multiplier: 1073741824, shift: 0 });
  assert.equal(
    [-3, -1, 1, 3].map((value) => multiplySingleRounding(value, half)),
    [-1, 0, 1, 2],
  );
});

const plain: Product = {
  type: TensorType.int8,
  lhs: [2, 3, 4],
  rhs: [2, 4, 5],
  output: [2, 3, 5],
  adjX: false,
  adjY: false,
  constant: 'none',
  quantisations: [perTensor(0.1, 1), perTensor(0.1, 2), perTensor(0.5, 3)],
};

matmul('shapes, types and scales that do not fit are refused', () => {
  const refused = (change: Partial<Product>): string | null =>
    refusalOf(() => load(model(seeded(405), { ...plain, ...change })));
  assert.is(refused({}), null);
  const hostile: Partial<Product>[] = [
    { rhs: [2, 5, 4] },
    { rhs: [3, 4, 5] },
    { output: [1, 3, 5] },
    { output: [2, 5, 3] },
    { output: [30] },
    { lhs: [4], output: [2, 5] },
    { adjX: true },
    { adjY: true },
    { lhs: [], output: [] },
    { type: TensorType.int32 },
    { quantisations: [null, perTensor(0.1, 0), perTensor(0.1, 0)] },
    { quantisations: [perTensor(1e30, 0), perTensor(1e30, 0), perTensor(1e-30, 0)] },
    { quantisations: [perTensor(1e-38, 0), perTensor(1e-38, 0), perTensor(1, 0)] },
    { type: TensorType.int16 },
    { type: TensorType.int16, quantisations: [1, 1, 1e-8].map((scale) => perTensor(scale, 0)) },
  ];
  for (const change of hostile) {
    assert.is(refused(change), 'unsupportedOperator', JSON.stringify(change));
  }
});

matmul('operands of different types are refused', () => {
  const builder = new ModelBuilder();
  const real = builder.tensor(TensorType.float32, [3, 4], null);
  const whole = builder.int8([4, 5], perTensor(0.1, 0), new Int8Array(20));
  const output = builder.tensor(TensorType.float32, [3, 5], null);
  builder.operator(Builtin.batchMatmul, [real, whole], [output], ['BatchMatMul', {}]);
  assert.is(
    refusalOf(() => load(builder.build([real], [output]))),
    'unsupportedOperator',
  );
});

matmul.run();
