import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { dice } from '../support/dice.ts';
import { elementsIn } from '../support/gather.ts';
import { perTensor, randomInt8 } from '../support/models.ts';
import { integers, oneOperator, runModel } from '../support/one-operator.ts';
import { createOracle } from '../support/oracle.ts';
import { randomValues } from '../support/random-values.ts';
import { refuses } from '../support/refusal.ts';
import { rounds } from '../support/rounds.ts';

const means = suite('MEAN');
const oracle = await createOracle();
const { random, whole } = dice(82);
const { int8, int16, float32 } = TensorType;

interface Mean {
  readonly type: number;
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  readonly from: Quantisation | null;
  readonly to: Quantisation | null;
}

const meanModel = ({ type, shape, axes, keepDims, from, to }: Mean): TfliteModel => {
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const output = keepDims ? shape.map((size, at) => (gone.has(at) ? 1 : size)) : shape.filter((_, at) => !gone.has(at));
  return oneOperator(
    Builtin.mean,
    [{ type, shape, quantisation: from }, integers(...axes)],
    [{ type, shape: output, quantisation: to }],
    ['Reducer', { keepDims }],
  );
};

const AXES: readonly (readonly number[])[] = [
  [1, 2],
  [2, 1],
  [2],
  [-3, -2],
  [1],
  [3],
  [0],
  [0, 3],
  [1, 3],
  [1, 2, 3],
  [1, 2, 2],
];

means('MEAN of int8 over every kind of axes, scales alike, ties, and apart, bit for bit', () => {
  for (let round = 0; round < rounds(88, 132); round++) {
    const axes = AXES[round % AXES.length]!;
    const scale = Math.fround(0.01 + random() * 0.1);
    const zeroPoint = whole(-40, 40);
    const kind = Math.floor(round / AXES.length) % 4;
    // Factors of two between the scales make ties frequent; zero points close together keep most results inside.
    const ratio = [1, 1, [0.5, 2][round % 2]!, 0.4 + random()][kind]!;
    const mean: Mean = {
      type: int8,
      shape: [whole(1, 3), whole(1, 9), whole(2, 9), whole(2, 40)],
      axes,
      keepDims: Math.floor(round / 44) % 2 === 0,
      from: perTensor(scale, zeroPoint),
      to: perTensor(Math.fround(scale * ratio), kind === 0 ? zeroPoint : zeroPoint + whole(-9, 9)),
    };
    const inputs = [0, 1, 2].map(() => [randomInt8(random, elementsIn(mean.shape))]);
    compareWithOracle(oracle, writeModel(meanModel(mean)), inputs, JSON.stringify(mean));
  }
});

means('MEAN of tensors that have not four dimensions, and of int16 on one scale', () => {
  for (let round = 0; round < 24; round++) {
    const rank = [1, 2, 3, 5][round % 4]!;
    const type = round % 8 < 4 ? int8 : int16;
    const quantisation = perTensor(Math.fround(0.005 + random() * 0.1), type === int8 ? whole(-128, 127) : 0);
    const shape = Array.from({ length: rank }, () => whole(2, 7));
    const axes = [whole(0, rank - 1)];
    const mean: Mean = { type, shape, axes, keepDims: round % 2 === 0, from: quantisation, to: quantisation };
    const inputs = [0, 1, 2, 3].map(() => [randomValues(random, type, elementsIn(shape))]);
    compareWithOracle(oracle, writeModel(meanModel(mean)), inputs, JSON.stringify(mean));
  }
});

means('MEAN of float32 within the last bits of its sum', () => {
  for (const axes of AXES) {
    const mean: Mean = { type: float32, shape: [2, 7, 5, 19], axes, keepDims: true, from: null, to: null };
    const values = randomValues(random, float32, 2 * 7 * 5 * 19);
    const expected = oracle.load(writeModel(meanModel(mean))).run(values);
    const found = runModel(meanModel(mean), [values])[0]!;
    assert.is(found.length, expected.length);
    for (const [index, value] of expected.entries()) assert.ok(Math.abs(found[index]! - value) < 1e-5, `axes ${axes}`);
  }
});

/** TFLite Micro's mean (reduce.h, `QuantizedMeanOrSum`) in exact integers of any length. */
const referenceMean = (sum: number, count: number, from: Quantisation, to: Quantisation): number => {
  let factor = from.scale[0]! / to.scale[0]!;
  let exponent = 0;
  for (; factor >= 1; factor /= 2) exponent++;
  for (; factor < 0.5; factor *= 2) exponent--;
  let multiplier = BigInt(Math.round(factor * 2 ** 31));
  if (multiplier === 1n << 31n) {
    multiplier >>= 1n;
    exponent++;
  }
  const places = Math.min(Math.floor(Math.log2(count)), 31 + exponent);
  multiplier = (multiplier << BigInt(places)) / BigInt(count);
  exponent -= places;
  const value = BigInt(sum - count * from.zeroPoint[0]!) << BigInt(Math.max(0, exponent));
  const high = (value * multiplier + (1n << 30n)) >> 31n;
  const right = BigInt(Math.max(0, -exponent));
  const half = right === 0n ? 0n : 1n << (right - 1n);
  const rounded = high < 0n ? -((-high + half) >> right) : (high + half) >> right;
  return Math.max(-128, Math.min(127, Number(rounded) + to.zeroPoint[0]!));
};

means('MEAN in two-stage integer rounding, as TFLite Micro defines it', () => {
  let apart = 0;
  for (let round = 0; round < 40; round++) {
    const shape = [1, whole(1, 9), whole(1, 9), 24];
    const scale = Math.fround(0.01 + random() * 0.1);
    const from = perTensor(scale, whole(-20, 20));
    const ratio = [1, 0.5, 2, 0.3 + random()][round % 4]!;
    const to = perTensor(Math.fround(scale * ratio), whole(-20, 20));
    const model = meanModel({ type: int8, shape, axes: [1, 2], keepDims: true, from, to });
    const values = randomInt8(random, elementsIn(shape));
    const count = shape[1]! * shape[2]!;
    const expected = Array.from({ length: 24 }, (_, channel) => {
      let sum = 0;
      for (let pixel = 0; pixel < count; pixel++) sum += values[pixel * 24 + channel]!;
      return referenceMean(sum, count, from, to);
    });
    const found = Array.from(runModel(model, [values], 'reference')[0]!);
    assert.equal(found, expected, `round ${round}`);
    const other = runModel(model, [values])[0]!;
    for (const [channel, value] of found.entries()) if (value !== other[channel]) apart++;
  }
  assert.ok(apart > 0, 'the two numerics never differ: the test says nothing');
});

means('refuses axes and shapes that make no sense, before anything runs', () => {
  const mean: Mean = {
    type: int8,
    shape: [1, 4, 4, 3],
    axes: [1, 2],
    keepDims: true,
    from: perTensor(1, 0),
    to: perTensor(1, 0),
  };
  for (const axis of [4, -5, 2147483647]) refuses(meanModel({ ...mean, axes: [axis] }), /names axis/);
  refuses(meanModel({ ...mean, from: null }), /needs one scale/);
  refuses(meanModel({ ...mean, type: TensorType.int32, from: null, to: null }), /takes int8, int16 or float32/);
  refuses(
    oneOperator(
      Builtin.mean,
      [{ type: int8, shape: [1, 4, 4, 3] }, integers(1, 2)],
      [{ type: int8, shape: [1, 3, 1, 1] }],
      ['Reducer', { keepDims: true }],
    ),
    /where \[1,1,1,3\] follows/,
  );
});

means.run();
