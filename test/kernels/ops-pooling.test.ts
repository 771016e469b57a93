import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { dataTest } from '../support/data.ts';
import { dice } from '../support/dice.ts';
import { elementsIn } from '../support/gather.ts';
import { perTensor } from '../support/models.ts';
import { oneOperator, runModel } from '../support/one-operator.ts';
import { createOracle } from '../support/oracle.ts';
import { randomValues } from '../support/random-values.ts';
import { refusalOf, refuses } from '../support/refusal.ts';
import { rounds } from '../support/rounds.ts';
import { readVectors, type VectorCase } from '../support/vectors.ts';

const pooling = suite('pools');
const oracle = await createOracle();

const { int8, int16, float32 } = TensorType;
const SAME = 0;
const VALID = 1;
const POOLS = [Builtin.averagePool2d, Builtin.maxPool2d];

interface Pool {
  readonly code: number;
  readonly type: number;
  readonly shape: readonly number[];
  readonly quantisation: Quantisation | null;
  readonly filter: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: number;
  readonly activation: number;
}

const pooled = ({ shape, filter, stride, padding }: Pool): number[] => {
  const windows = (side: 0 | 1): number =>
    padding === SAME
      ? Math.ceil(shape[1 + side]! / stride[side])
      : Math.floor((shape[1 + side]! - filter[side]) / stride[side]) + 1;
  return [shape[0]!, windows(0), windows(1), shape[3]!];
};

const poolModel = (pool: Pool, output: readonly number[] = pooled(pool)): TfliteModel => {
  const { code, type, shape, quantisation, filter, stride, padding, activation } = pool;
  const options = {
    padding,
    strideH: stride[0],
    strideW: stride[1],
    filterHeight: filter[0],
    filterWidth: filter[1],
    fusedActivation: activation,
  };
  return oneOperator(
    code,
    [{ type, shape, quantisation }],
    [{ type, shape: output, quantisation }],
    ['Pool2D', options],
  );
};

const { random, whole } = dice(81);

const quantisationFor = (type: number): Quantisation | null => {
  if (type === float32) return null;
  // So fine a scale for int16 leaves room between the bounds of RELU6.
  if (type === int16) return perTensor(Math.fround(0.0002 + random() * 0.0002), 0);
  return perTensor(Math.fround(0.005 + random() * 0.1), whole(-20, 5));
};

const randomPool = (code: number, type: number, round: number): Pool => {
  const padding = round % 2 === 0 ? SAME : VALID;
  const shape = [whole(1, 2), whole(2, 12), whole(2, 12), whole(1, 33)];
  // SAME windows may reach beyond the input on both sides at once; strides may leap over pixels.
  const side = (size: number): number => whole(1, padding === SAME ? size + 4 : size);
  return {
    code,
    type,
    shape,
    quantisation: quantisationFor(type),
    filter: [side(shape[1]!), side(shape[2]!)],
    stride: [whole(1, 5), whole(1, 5)],
    padding,
    activation: [0, 0, 1, 3][round % 4]!,
  };
};

pooling('random AVERAGE_POOL_2D and MAX_POOL_2D, int8 and int16, bit for bit', () => {
  for (let round = 0; round < rounds(48, 120); round++) {
    const type = round % 3 === 2 ? int16 : int8;
    const pool = randomPool(POOLS[round % 2]!, type, Math.floor(round / 2));
    const inputs = [0, 1].map(() => [randomValues(random, type, elementsIn(pool.shape))]);
    // One output alone may be the same for both inputs, which `compareWithOracle` would not take for evidence.
    if (elementsIn(pooled(pool)) > 8)
      compareWithOracle(oracle, writeModel(poolModel(pool)), inputs, JSON.stringify(pool));
  }
});

pooling('bounds of activations that fall on ties, where XNNPACK and TFLite part', () => {
  const every = Int8Array.from({ length: 256 }, (_, index) => index - 128);
  for (const code of POOLS) {
    for (const [filter, stride] of [
      [2, 2],
      [1, 1],
      [1, 2],
    ] as const) {
      for (const [scale, zeroPoint] of [
        [4, 0],
        [4, 1],
        [4, -3],
        [4, 40],
        [12, 0],
        [12, -2],
        [12, 1],
      ] as const) {
        const pool: Pool = {
          code,
          type: int8,
          shape: [1, 16, 16, 1],
          quantisation: perTensor(scale, zeroPoint),
          filter: [filter, filter],
          stride: [stride, stride],
          padding: VALID,
          activation: 3,
        };
        compareWithOracle(oracle, writeModel(poolModel(pool)), [[every]], JSON.stringify(pool));
      }
    }
  }
});

pooling('float32: the greatest is exact, a mean within the last bits of its sum', () => {
  for (let round = 0; round < 40; round++) {
    const pool = randomPool(POOLS[round % 2]!, float32, Math.floor(round / 2));
    const model = poolModel(pool);
    const values = randomValues(random, float32, elementsIn(pool.shape));
    const expected = oracle.load(writeModel(model)).run(values);
    const found = runModel(model, [values])[0]!;
    for (const [index, value] of expected.entries()) {
      const tolerance = pool.code === Builtin.maxPool2d ? 0 : 1e-5;
      assert.ok(Math.abs(found[index]! - value) <= tolerance, `${JSON.stringify(pool)}: ${found[index]} for ${value}`);
    }
  }
});

/** The fused activation and quantisation whose range is the one that a vector demands. */
const clampFor = ({ config }: VectorCase): { quantisation: Quantisation; activation: number } => {
  if (config.activation_max === 6) return { quantisation: perTensor(1, 0), activation: 3 };
  if (config.activation_max === 30000) return { quantisation: perTensor(1 / 30000, 0), activation: 2 };
  return { quantisation: perTensor(0.1, 0), activation: 0 };
};

dataTest(pooling, 'avg_pool and max_pool of CMSIS-NN, int8 and int16', 'cmsis_nn_vectors', () => {
  let count = 0;
  for (const vector of [...readVectors('avg_pool'), ...readVectors('max_pool')]) {
    const { config, arrays, case: name } = vector;
    const number = (key: string): number => Number(config[key]);
    const { type, data } = arrays.input_tensor!;
    const pool: Pool = {
      code: name.startsWith('avg') ? Builtin.averagePool2d : Builtin.maxPool2d,
      type: type === 'int8_t' ? int8 : int16,
      shape: [number('batch_size'), number('input_h'), number('input_w'), number('input_c')],
      filter: [number('filter_h'), number('filter_w')],
      stride: [number('stride_h'), number('stride_w')],
      padding: config.pad === 'SAME' ? SAME : VALID,
      ...clampFor(vector),
    };
    const values = type === 'int8_t' ? Int8Array.from(data) : Int16Array.from(data);
    assert.equal(Array.from(runModel(poolModel(pool), [values], 'reference')[0]!), arrays.output!.data, name);
    count++;
  }
  assert.is(count, 11);
});

pooling('refuses windows, axes and shapes that make no sense, before anything runs', () => {
  const sound: Pool = {
    code: Builtin.averagePool2d,
    type: int8,
    shape: [1, 8, 8, 3],
    quantisation: perTensor(0.1, 0),
    filter: [2, 2],
    stride: [2, 2],
    padding: SAME,
    activation: 0,
  };
  assert.is(
    refusalOf(() => runModel(poolModel(sound), [])),
    null,
  );
  for (const code of POOLS) {
    const pool = { ...sound, code };
    const output = [1, 4, 4, 3];
    for (const value of [0, -1, -2147483648]) {
      refuses(poolModel({ ...pool, stride: [value, 1] }, output), /stride/);
      refuses(poolModel({ ...pool, stride: [1, value] }, output), /stride/);
      refuses(poolModel({ ...pool, filter: [value, 1] }, output), /filter/);
      refuses(poolModel({ ...pool, filter: [1, value] }, output), /filter/);
    }
    refuses(poolModel({ ...pool, filter: [9, 1], padding: VALID }, output), /a filter of 9 for 8 pixels/);
    refuses(poolModel({ ...pool, filter: [1_000_000, 1], padding: VALID }, output), /filter/);
    refuses(poolModel({ ...pool, padding: 2 }, output), /padding 2/);
    refuses(poolModel({ ...pool, activation: 4 }, output), /not a clamp/);
    refuses(poolModel(pool, [1, 5, 4, 3]), /where \[1,4,4,3\] follows/);
    refuses(poolModel(pool, [1, 4, 4, 1]), /where \[1,4,4,3\] follows/);
    refuses(poolModel({ ...pool, shape: [8, 8, 3] }, [4, 4, 3]), /not \[batch, height, width, channels\]/);
    refuses(poolModel({ ...pool, type: TensorType.int32, quantisation: null }, output), /int32/);
    // A filter as wide as can be: only what lies inside of the input is ever looked at.
    const wide = poolModel({ ...pool, filter: [60_000, 65_536] });
    assert.is(
      refusalOf(() => runModel(wide, [])),
      null,
    );
    // 1024 × 1024 windows of a quarter of the image and more each would run for hours.
    const endless = { ...pool, shape: [1, 1024, 1024, 1], filter: [1024, 1024] as const, stride: [1, 1] as const };
    refuses(poolModel(endless), /is the most|allowed/);
  }
});

pooling.run();
