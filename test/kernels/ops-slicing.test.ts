import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorData } from '../../kernels/tensor-view.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { checkMovement, MOVED_TYPES } from '../support/check-movement.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { dice } from '../support/dice.ts';
import { coordinates, distinctValues, elementsIn, gather } from '../support/gather.ts';
import { perTensor, randomInt8 } from '../support/models.ts';
import { integers, oneOperator, runModel } from '../support/one-operator.ts';
import { createOracle } from '../support/oracle.ts';

const slicing = suite('operators that cut and join');
const oracle = await createOracle();
const chance = dice(72);
const { int8, int16, int32, float32 } = TensorType;

/** Shapes with a long last dimension too, so that runs of every kind of copy come along. */
const roomyShape = (rank: number): number[] => [
  ...chance.shape(rank - 1, 4),
  chance.pick([1, 2, 3, 4, 8, 12, 47, 64, 65, 100]),
];

interface Slice {
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  readonly strides: readonly number[];
  readonly masks: Record<string, number>;
  /** For each dimension of the input, the coordinates taken; `shrinks` ones do not come out. */
  readonly taken: readonly (readonly number[])[];
  readonly shrinks: readonly boolean[];
}

/** A slice that takes something: picks the coordinates first, then finds begins and ends that mean them. */
const randomSlice = (shape: readonly number[]): Slice => {
  const masks = { beginMask: 0, endMask: 0, shrinkAxisMask: 0 };
  const entries = shape.map((size, axis) => {
    const stride = chance.pick([1, 1, 1, 2, 3, -1, -2]);
    const first = chance.whole(0, size - 1);
    const shrinks = shape.length > 1 && chance.random() < 0.2;
    const open = { begin: chance.random() < 0.3, end: chance.random() < 0.3 };
    const negative = (index: number): number => (chance.random() < 0.4 ? index - size : index);
    if (shrinks) {
      masks.shrinkAxisMask |= 1 << axis;
      return { begin: negative(first), end: 0, stride: 1, taken: [first], shrinks };
    }
    if (open.begin) masks.beginMask |= 1 << axis;
    if (open.end) masks.endMask |= 1 << axis;
    const start = open.begin ? (stride > 0 ? 0 : size - 1) : first;
    const past = stride > 0 ? chance.whole(start + 1, size) : chance.whole(-1, start - 1);
    const stop = open.end ? (stride > 0 ? size : -1) : past;
    const taken: number[] = [];
    for (let at = start; stride > 0 ? at < stop : at > stop; at += stride) taken.push(at);
    // An end of −1 counts from the end: what lies before the first element is below −size.
    const end = past < 0 ? -size - chance.whole(1, 5) : past === size ? size + chance.whole(0, 5) : negative(past);
    return { begin: negative(first), end, stride, taken, shrinks };
  });
  return {
    begins: entries.map(({ begin }) => begin),
    ends: entries.map(({ end }) => end),
    strides: entries.map(({ stride }) => stride),
    masks,
    taken: entries.map(({ taken }) => taken),
    shrinks: entries.map(({ shrinks }) => shrinks),
  };
};

slicing('STRIDED_SLICE of 80 shapes, negative strides, open ends, shrinking axes', () => {
  for (let round = 0; round < 80; round++) {
    const rank = 1 + (round % 6);
    const shape = rank < 5 ? roomyShape(rank) : chance.shape(rank, 4);
    shape[0] = Math.max(2, shape[0]!);
    const { begins, ends, strides, masks, taken, shrinks } = randomSlice(shape);
    const kept = taken.filter((_, axis) => !shrinks[axis]);
    const sliced = kept.map(({ length }) => length);
    const model = (type: number) =>
      oneOperator(
        Builtin.stridedSlice,
        [{ type, shape }, integers(...begins), integers(...ends), integers(...strides)],
        [{ type, shape: sliced }],
        ['StridedSlice', masks],
      );
    const expected = (values: TensorData) =>
      gather(values, shape, sliced, (at) => {
        let next = 0;
        return taken.map((places, axis) => places[shrinks[axis] ? 0 : at[next++]!]!);
      });
    const delegated = rank < 6 && sliced.length > 0 && elementsIn(sliced) > 1;
    const what = `[${shape}] ${JSON.stringify({ begins, ends, strides, masks })}`;
    checkMovement(delegated ? oracle : null, chance.random, { what, shape, model, expected });
  }
});

slicing('STRIDED_SLICE with an ellipsis, new axes and fewer indices than dimensions', () => {
  const shape = [2, 3, 4];
  const cases: [begins: number[], ends: number[], masks: Record<string, number>, output: number[]][] = [
    [[0, 1], [0, 3], { ellipsisMask: 1 }, [2, 3, 2]],
    [[1, 0, 1], [2, 0, 3], { ellipsisMask: 2 }, [1, 3, 2]],
    [[0, 0, 0], [1, 0, 0], { ellipsisMask: 2, newAxisMask: 4 }, [1, 3, 4, 1]],
    [[0, 0, 1], [2, 0, 3], { newAxisMask: 2 }, [2, 1, 2, 4]],
    [[1], [2], {}, [1, 3, 4]],
    [[1, 0], [2, 2], { shrinkAxisMask: 1 }, [2, 4]],
  ];
  for (const [begins, ends, masks, output] of cases) {
    const model = oneOperator(
      Builtin.stridedSlice,
      [{ type: int8, shape }, integers(...begins), integers(...ends), integers(...begins.map(() => 1))],
      [{ type: int8, shape: output }],
      ['StridedSlice', masks],
    );
    compareWithOracle(
      oracle,
      writeModel(model),
      [[randomInt8(chance.random, 24)]],
      JSON.stringify({ begins, ends, masks }),
    );
  }
});

slicing('SPLIT and SPLIT_V into parts, CONCATENATION back together, constants among them', () => {
  for (let round = 0; round < 30; round++) {
    const rank = 1 + (round % 4);
    const axis = chance.whole(0, rank - 1);
    const count = chance.whole(1, 4);
    const equal = round % 2 === 0;
    const size = chance.whole(1, 20);
    const sizes = Array.from({ length: count }, () => (equal ? size : chance.whole(1, 20)));
    const shape = chance.shape(rank, 4).with(
      axis,
      sizes.reduce((sum, part) => sum + part, 0),
    );
    if (elementsIn(shape) === 1) continue;
    const named = chance.random() < 0.5 ? axis : axis - rank;
    const partsOf = (type: number) => sizes.map((part) => ({ type, shape: shape.with(axis, part) }));
    const one = { ...integers(named), shape: [] };
    const open = sizes.map((part, index) => (index === 1 && round % 3 === 0 ? -1 : part));
    const cut = (type: number) =>
      equal
        ? oneOperator(Builtin.split, [one, { type, shape }], partsOf(type), ['Split', { numSplits: count }])
        : oneOperator(Builtin.splitV, [{ type, shape }, integers(...open), one], partsOf(type), [
            'SplitV',
            { numSplits: count },
          ]);
    const what = `[${shape}] into [${sizes}] along ${named}`;
    compareWithOracle(oracle, writeModel(cut(int8)), [[randomInt8(chance.random, elementsIn(shape))]], what);
    for (const type of MOVED_TYPES) {
      const values = distinctValues(type, elementsIn(shape));
      const parts = runModel(cut(type), [values]);
      const constant = count > 1 ? chance.whole(0, count - 1) : -1;
      const inputs = partsOf(type).map((part, index) => (index === constant ? { ...part, data: parts[index]! } : part));
      const options: [string, Record<string, number>] = ['Concatenation', { axis: named }];
      const join = oneOperator(Builtin.concatenation, inputs, [{ type, shape }], options);
      const given = parts.filter((_, index) => index !== constant);
      assert.equal(runModel(join, given)[0], values, `${what} and back, type ${type}`);
      if (type === int8) compareWithOracle(oracle, writeModel(join), [given as Int8Array[]], what);
    }
  }
});

slicing('CONCATENATION requantises other scales and clamps, which TensorFlow Lite refuses', () => {
  // By definition: the real value, in units of the output, at most half a step off (a tie may go either way).
  for (let round = 0; round < 20; round++) {
    const quantisations = [0, 1, 2].map(() =>
      perTensor(Math.fround(0.02 + chance.random() * 0.2), chance.whole(-128, 127)),
    );
    const output = perTensor(Math.fround(0.02 + chance.random() * 0.2), chance.whole(-128, 127));
    const activation = round % 4;
    const [rows, widths] = [3, [5, 64, 2]];
    const model = oneOperator(
      Builtin.concatenation,
      widths.map((width, index) => ({ type: int8, shape: [rows, width], quantisation: quantisations[index]! })),
      [{ type: int8, shape: [rows, 71], quantisation: output }],
      ['Concatenation', { axis: 1, fusedActivation: activation }],
    );
    assert.throws(() => oracle.load(writeModel(model)), /refuses/);
    const inputs = widths.map((width) => randomInt8(chance.random, rows * width));
    const [found] = runModel(model, inputs);
    const [lower, upper] = [[-Infinity, Infinity] as const, [0, Infinity] as const, [-1, 1] as const, [0, 6] as const][
      activation
    ]!;
    const [outScale, outZero] = [output.scale[0]!, output.zeroPoint[0]!];
    const bound = (real: number): number => Math.max(-128, Math.min(127, Math.round(real / outScale) + outZero));
    coordinates([rows, 71]).forEach(([row, column], index) => {
      const part = column! < 5 ? 0 : column! < 69 ? 1 : 2;
      const q = inputs[part]![row! * widths[part]! + column! - [0, 5, 69][part]!]!;
      const real = quantisations[part]!.scale[0]! * (q - quantisations[part]!.zeroPoint[0]!);
      const exact = Math.max(bound(lower), Math.min(bound(upper), real / outScale + outZero));
      assert.ok(Math.abs(found![index]! - exact) <= 0.5001, `round ${round}: ${found![index]} for ${exact}`);
    });
  }
});

slicing('PACK and UNPACK along every axis', () => {
  for (let round = 0; round < 24; round++) {
    const slice = chance.shape(1 + (round % 3), 9);
    const count = chance.whole(1, 4);
    const axis = chance.whole(-slice.length - 1, slice.length);
    const at = axis < 0 ? axis + slice.length + 1 : axis;
    const shape = slice.toSpliced(at, 0, count);
    if (elementsIn(shape) === 1) continue;
    const stack = (type: number) =>
      oneOperator(
        Builtin.pack,
        Array.from({ length: count }, () => ({ type, shape: slice })),
        [{ type, shape }],
        ['Pack', { axis, valuesCount: count }],
      );
    const cut = (type: number) =>
      oneOperator(
        Builtin.unpack,
        [{ type, shape }],
        Array.from({ length: count }, () => ({ type, shape: slice })),
        ['Unpack', { axis, num: count }],
      );
    const values = randomInt8(chance.random, elementsIn(shape));
    compareWithOracle(oracle, writeModel(cut(int8)), [[values]], `UNPACK [${shape}] along ${axis}`);
    const parts = runModel(cut(int8), [values]);
    compareWithOracle(oracle, writeModel(stack(int8)), [parts as Int8Array[]], `PACK [${shape}] along ${axis}`);
    for (const type of [int16, int32, float32]) {
      const wide = distinctValues(type, elementsIn(shape));
      assert.equal(runModel(stack(type), runModel(cut(type), [wide]))[0], wide);
    }
  }
});

slicing.run();
