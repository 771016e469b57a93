import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { TensorData } from '../../kernels/tensor-view.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { perTensor, randomInt8, seeded } from '../support/models.ts';
import { integers, type OperatorTensorCase, oneOperator, runModel } from '../support/one-operator.ts';
import { createOracle } from '../support/oracle.ts';
import { readVectors } from '../support/vectors.ts';

const movement = suite('operators that move elements');
const oracle = await createOracle();

const { int8, int16, int32, float32 } = TensorType;
const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Places of a row-major tensor, as their coordinates. */
const coordinates = (shape: readonly number[]): number[][] => {
  const rest = shape.slice(1);
  if (shape.length === 0) return [[]];
  const inner = coordinates(rest);
  return Array.from({ length: shape[0]! }, (_, first) => inner.map((others) => [first, ...others])).flat();
};

const indexOf = (shape: readonly number[], at: readonly number[]): number =>
  at.reduce((index, coordinate, axis) => index * shape[axis]! + coordinate, 0);

/** Values of the output by the definition of an operator: where each one comes from, null for `otherwise`. */
const gather = (
  values: TensorData,
  from: readonly number[],
  to: readonly number[],
  source: (at: readonly number[]) => readonly number[] | null,
  otherwise = 0,
): number[] =>
  coordinates(to).map((at) => {
    const place = source(at);
    return place === null ? otherwise : values[indexOf(from, place)]!;
  });

/** Numbers that no two places share, in a type that the engine's ends can have. */
const distinctValues = (type: number, length: number): TensorData => {
  const value = (_: unknown, index: number): number => index * 7 - 100;
  if (type === int16) return Int16Array.from({ length }, value);
  if (type === int32) return Int32Array.from({ length }, (_, index) => index * 70_001 - 1_000_000);
  return type === float32
    ? Float32Array.from({ length }, (_, index) => index * 0.37 - 5)
    : Int8Array.from({ length }, value);
};

const random = seeded(71);
const whole = (lowest: number, highest: number): number => lowest + Math.floor(random() * (highest - lowest + 1));
const pick = <T>(choices: readonly T[]): T => choices[whole(0, choices.length - 1)]!;
const randomShape = (rank: number, highest: number): number[] => Array.from({ length: rank }, () => whole(1, highest));
const shuffled = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => ({ index, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ index }) => index);

type Make = (type: number) => TfliteModel;
type Expect = (values: TensorData) => number[];

/** One geometry: int8 against TensorFlow Lite where it takes it, every type against the definition. */
const check = (what: string, shape: readonly number[], make: Make, expect: Expect, { delegated = true } = {}): void => {
  if (delegated && elements(shape) > 1) {
    const inputs = [0, 1].map(() => [randomInt8(random, elements(shape))]);
    compareWithOracle(oracle, writeModel(make(int8)), inputs, what);
  }
  for (const type of [int8, int16, int32, float32]) {
    const values = distinctValues(type, elements(shape));
    const [found] = runModel(make(type), [values]);
    assert.equal(
      Array.from(found!),
      expect(values).map((value) => value),
      `${what}, type ${type}`,
    );
  }
};

movement('TRANSPOSE of 40 shapes, up to 5 dimensions against TensorFlow Lite, 6 by definition', () => {
  for (let round = 0; round < 40; round++) {
    const rank = 2 + (round % 5);
    const shape = randomShape(rank, rank > 4 ? 4 : 9);
    if (elements(shape) === 1) shape[0] = 3;
    const permutation = shuffled(rank);
    const turned = permutation.map((axis) => shape[axis]!);
    const make = (type: number) =>
      oneOperator(
        Builtin.transpose,
        [{ type, shape }, integers(...permutation)],
        [{ type, shape: turned }],
        ['Transpose', {}],
      );
    const expect = (values: TensorData) =>
      gather(values, shape, turned, (at) => shape.map((_, axis) => at[permutation.indexOf(axis)]!));
    check(`[${shape}] by [${permutation}]`, shape, make, expect, { delegated: rank < 6 });
  }
});

/** Shapes with a long last dimension too, so that runs of every kind of copy come along. */
const roomyShape = (rank: number): number[] => [
  ...randomShape(rank - 1, 4),
  pick([1, 2, 3, 4, 8, 12, 47, 64, 65, 100]),
];

movement('PAD and PADV2 around 40 shapes', () => {
  for (let round = 0; round < 40; round++) {
    const rank = 1 + (round % 4);
    const shape = roomyShape(rank);
    if (elements(shape) === 1) shape[0] = 2;
    const paddings = Array.from({ length: 2 * rank }, () => whole(0, 3));
    const padded = shape.map((size, axis) => paddings[2 * axis]! + size + paddings[2 * axis + 1]!);
    const second = round % 2 === 1;
    const border = (type: number): OperatorTensorCase[] => {
      if (!second) return [];
      const kind = { [int8]: Int8Array, [int16]: Int16Array, [int32]: Int32Array }[type] ?? Float32Array;
      return [{ type, shape: [1], data: kind.of(9) }];
    };
    const paddingsTensor = { ...integers(...paddings), shape: [rank, 2] };
    const make = (type: number) =>
      oneOperator(
        second ? Builtin.padv2 : Builtin.pad,
        [{ type, shape }, paddingsTensor, ...border(type)],
        [{ type, shape: padded }],
        [second ? 'PadV2' : 'Pad', {}],
      );
    const expect = (values: TensorData) => {
      const source = (at: readonly number[]) => {
        const place = at.map((coordinate, axis) => coordinate - paddings[2 * axis]!);
        return place.every((coordinate, axis) => coordinate >= 0 && coordinate < shape[axis]!) ? place : null;
      };
      const zero = values instanceof Int8Array ? -7 : 0;
      return gather(values, shape, padded, source, second ? 9 : zero);
    };
    check(`[${shape}] with [${paddings}]`, shape, make, expect);
  }
});

movement('MIRROR_PAD of 24 shapes, reflected and symmetric', () => {
  for (let round = 0; round < 24; round++) {
    const mode = round % 2;
    const rank = 1 + (round % 4);
    const shape = Array.from({ length: rank }, () => whole(2, 6));
    const most = (axis: number): number => shape[axis]! - (mode === 0 ? 1 : 0);
    const paddings = shape.flatMap((_, axis) => [whole(0, most(axis)), whole(0, most(axis))]);
    const padded = shape.map((size, axis) => paddings[2 * axis]! + size + paddings[2 * axis + 1]!);
    const make = (type: number) =>
      oneOperator(
        Builtin.mirrorPad,
        [
          { type, shape },
          { ...integers(...paddings), shape: [rank, 2] },
        ],
        [{ type, shape: padded }],
        ['MirrorPad', { mode }],
      );
    const mirrored = (coordinate: number, size: number): number => {
      if (coordinate < 0) return mode === 0 ? -coordinate : -coordinate - 1;
      return coordinate < size ? coordinate : 2 * size - coordinate - (mode === 0 ? 2 : 1);
    };
    const expect = (values: TensorData) =>
      gather(values, shape, padded, (at) => at.map((to, axis) => mirrored(to - paddings[2 * axis]!, shape[axis]!)));
    check(`mode ${mode}, [${shape}] with [${paddings}]`, shape, make, expect);
  }
});

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
    const stride = pick([1, 1, 1, 2, 3, -1, -2]);
    const first = whole(0, size - 1);
    const shrinks = shape.length > 1 && random() < 0.2;
    const open = { begin: random() < 0.3, end: random() < 0.3 };
    const negative = (index: number): number => (random() < 0.4 ? index - size : index);
    if (shrinks) {
      masks.shrinkAxisMask |= 1 << axis;
      return { begin: negative(first), end: 0, stride: 1, taken: [first], shrinks };
    }
    if (open.begin) masks.beginMask |= 1 << axis;
    if (open.end) masks.endMask |= 1 << axis;
    const start = open.begin ? (stride > 0 ? 0 : size - 1) : first;
    const past = stride > 0 ? whole(start + 1, size) : whole(-1, start - 1);
    const stop = open.end ? (stride > 0 ? size : -1) : past;
    const taken: number[] = [];
    for (let at = start; stride > 0 ? at < stop : at > stop; at += stride) taken.push(at);
    // An end of −1 counts from the end: what lies before the first element is below −size.
    const end = past < 0 ? -size - whole(1, 5) : past === size ? size + whole(0, 5) : negative(past);
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

movement('STRIDED_SLICE of 80 shapes, negative strides, open ends, shrinking axes', () => {
  for (let round = 0; round < 80; round++) {
    const rank = 1 + (round % 6);
    const shape = rank < 5 ? roomyShape(rank) : randomShape(rank, 4);
    shape[0] = Math.max(2, shape[0]!);
    const { begins, ends, strides, masks, taken, shrinks } = randomSlice(shape);
    const kept = taken.filter((_, axis) => !shrinks[axis]);
    const sliced = kept.map(({ length }) => length);
    const make = (type: number) =>
      oneOperator(
        Builtin.stridedSlice,
        [{ type, shape }, integers(...begins), integers(...ends), integers(...strides)],
        [{ type, shape: sliced }],
        ['StridedSlice', masks],
      );
    const expect = (values: TensorData) =>
      gather(values, shape, sliced, (at) => {
        let next = 0;
        return taken.map((places, axis) => places[shrinks[axis] ? 0 : at[next++]!]!);
      });
    const delegated = rank < 6 && sliced.length > 0 && elements(sliced) > 1;
    check(`[${shape}] ${JSON.stringify({ begins, ends, strides, masks })}`, shape, make, expect, { delegated });
  }
});

movement('STRIDED_SLICE with an ellipsis, new axes and fewer indices than dimensions', () => {
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
    compareWithOracle(oracle, writeModel(model), [[randomInt8(random, 24)]], JSON.stringify({ begins, ends, masks }));
  }
});

movement('SPLIT and SPLIT_V into parts, CONCATENATION back together, constants among them', () => {
  for (let round = 0; round < 30; round++) {
    const rank = 1 + (round % 4);
    const axis = whole(0, rank - 1);
    const count = whole(1, 4);
    const equal = round % 2 === 0;
    const size = whole(1, 20);
    const sizes = Array.from({ length: count }, () => (equal ? size : whole(1, 20)));
    const shape = randomShape(rank, 4).with(
      axis,
      sizes.reduce((sum, part) => sum + part, 0),
    );
    if (elements(shape) === 1) continue;
    const named = random() < 0.5 ? axis : axis - rank;
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
    compareWithOracle(oracle, writeModel(cut(int8)), [[randomInt8(random, elements(shape))]], what);
    for (const type of [int8, int16, int32, float32]) {
      const values = distinctValues(type, elements(shape));
      const parts = runModel(cut(type), [values]);
      const constant = count > 1 ? whole(0, count - 1) : -1;
      const inputs = partsOf(type).map((part, index) => (index === constant ? { ...part, data: parts[index]! } : part));
      const options: [string, Record<string, number>] = ['Concatenation', { axis: named }];
      const join = oneOperator(Builtin.concatenation, inputs, [{ type, shape }], options);
      const given = parts.filter((_, index) => index !== constant);
      assert.equal(runModel(join, given)[0], values, `${what} and back, type ${type}`);
      if (type === int8) compareWithOracle(oracle, writeModel(join), [given as Int8Array[]], what);
    }
  }
});

movement('CONCATENATION requantises other scales and clamps, which TensorFlow Lite refuses', () => {
  // By definition: the real value, in units of the output, at most half a step off (a tie may go either way).
  for (let round = 0; round < 20; round++) {
    const quantisations = [0, 1, 2].map(() => perTensor(Math.fround(0.02 + random() * 0.2), whole(-128, 127)));
    const output = perTensor(Math.fround(0.02 + random() * 0.2), whole(-128, 127));
    const activation = round % 4;
    const [rows, widths] = [3, [5, 64, 2]];
    const model = oneOperator(
      Builtin.concatenation,
      widths.map((width, index) => ({ type: int8, shape: [rows, width], quantisation: quantisations[index]! })),
      [{ type: int8, shape: [rows, 71], quantisation: output }],
      ['Concatenation', { axis: 1, fusedActivation: activation }],
    );
    assert.throws(() => oracle.load(writeModel(model)), /refuses/);
    const inputs = widths.map((width) => randomInt8(random, rows * width));
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

movement('PACK and UNPACK along every axis', () => {
  for (let round = 0; round < 24; round++) {
    const slice = randomShape(1 + (round % 3), 9);
    const count = whole(1, 4);
    const axis = whole(-slice.length - 1, slice.length);
    const at = axis < 0 ? axis + slice.length + 1 : axis;
    const shape = slice.toSpliced(at, 0, count);
    if (elements(shape) === 1) continue;
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
    const values = randomInt8(random, elements(shape));
    compareWithOracle(oracle, writeModel(cut(int8)), [[values]], `UNPACK [${shape}] along ${axis}`);
    const parts = runModel(cut(int8), [values]);
    compareWithOracle(oracle, writeModel(stack(int8)), [parts as Int8Array[]], `PACK [${shape}] along ${axis}`);
    for (const type of [int16, int32, float32]) {
      const wide = distinctValues(type, elements(shape));
      assert.equal(runModel(stack(type), runModel(cut(type), [wide]))[0], wide);
    }
  }
});

movement('RESIZE_NEAREST_NEIGHBOR up and down, on corners and pixel centres', () => {
  for (let round = 0; round < 40; round++) {
    const [batch, height, width, channels] = [whole(1, 2), whole(1, 12), whole(1, 12), pick([1, 3, 16])];
    const shape = [batch, height, width, channels];
    const [newHeight, newWidth] = [whole(1, 25), whole(1, 25)];
    const options = { alignCorners: round % 2 === 1, halfPixelCenters: round % 4 >= 2 };
    const model = oneOperator(
      Builtin.resizeNearestNeighbor,
      [{ type: int8, shape }, integers(newHeight, newWidth)],
      [{ type: int8, shape: [batch, newHeight, newWidth, channels] }],
      ['ResizeNearestNeighbor', options],
    );
    const inputs = [[randomInt8(random, elements(shape)).with(0, 1).with(-1, 2)]];
    if (batch * channels === 1 && newHeight * newWidth === 1) continue;
    compareWithOracle(
      oracle,
      writeModel(model),
      inputs,
      `[${shape}] to ${newHeight} × ${newWidth} ${JSON.stringify(options)}`,
    );
  }
});

movement('RESHAPE, SQUEEZE and EXPAND_DIMS keep every value', () => {
  const cases: [code: number, from: number[], to: number[], more: OperatorTensorCase[], options: [string, object]][] = [
    [Builtin.reshape, [2, 6], [3, 4], [integers(3, 4)], ['Reshape', {}]],
    [Builtin.squeeze, [1, 5, 1, 3], [5, 3], [], ['Squeeze', {}]],
    [Builtin.squeeze, [1, 5, 1, 3], [1, 5, 3], [], ['Squeeze', { squeezeDims: [-2] }]],
    [Builtin.expandDims, [5, 3], [5, 1, 3], [integers(1)], ['ExpandDims', {}]],
    [Builtin.expandDims, [5, 3], [5, 3, 1], [integers(-1)], ['ExpandDims', {}]],
  ];
  for (const [code, from, to, more, [name, fields]] of cases) {
    const make = (type: number) =>
      oneOperator(
        code,
        [{ type, shape: from }, ...more],
        [{ type, shape: to }],
        [name, fields as Record<string, number>],
        1,
      );
    check(`${name} [${from}] to [${to}]`, from, make, (values) => Array.from(values));
  }
});

dataTest(movement, 'pad and transpose of CMSIS-NN', 'cmsis_nn_vectors', () => {
  const [pad] = readVectors('pad');
  const border = { ...integers(0, 0, 0, 0, 1, 2, 1, 2), shape: [4, 2] };
  const quantisation = perTensor(1, Number(pad!.config.pad_value));
  const padding = oneOperator(
    Builtin.pad,
    [{ type: int8, shape: [1, 2, 2, 2], quantisation }, border],
    [{ type: int8, shape: [1, 2, 5, 5], quantisation }],
    ['Pad', {}],
  );
  const input = Int8Array.from(pad!.arrays.input_tensor!.data);
  assert.equal(Array.from(runModel(padding, [input], 'reference')[0]!), pad!.arrays.output!.data);
  // The shapes did not survive the conversion to JSON; they are those of CMSIS-NN's config_data.h.
  const shapes: Record<string, [shape: number[], permutation: number[]]> = {
    transpose_3dim: [
      [5, 4, 20],
      [0, 2, 1],
    ],
    transpose_chwn: [
      [5, 4, 12, 17],
      [3, 1, 2, 0],
    ],
    transpose_matrix: [
      [5, 20],
      [1, 0],
    ],
    transpose_ncwh: [
      [5, 4, 3, 9],
      [0, 3, 2, 1],
    ],
    transpose_nwhc: [
      [1, 19, 3, 64],
      [0, 2, 1, 3],
    ],
  };
  for (const { case: name, arrays } of readVectors('transpose')) {
    const [shape, permutation] = shapes[name]!;
    const model = oneOperator(
      Builtin.transpose,
      [{ type: int8, shape }, integers(...permutation)],
      [{ type: int8, shape: permutation.map((axis) => shape[axis]!) }],
      ['Transpose', {}],
    );
    const found = runModel(model, [Int8Array.from(arrays.input_tensor!.data)], 'reference')[0]!;
    assert.equal(Array.from(found), arrays.output!.data, name);
  }
});

interface SeanetCase {
  readonly model: string;
  readonly inputs: readonly { readonly data: readonly number[] }[];
  readonly golden: { readonly data: readonly number[] } | readonly { readonly data: readonly number[] }[];
}

dataTest(movement, 'pad and strided_slice of seanet, int16', 'tflite_models', () => {
  const text = gunzipSync(readFileSync(dataPath('tflite_models', 'seanet', 'cases.json.gz'))).toString();
  let count = 0;
  for (const { model, inputs, golden } of JSON.parse(text) as SeanetCase[]) {
    if (!/\/(pad|strided_slice)\d/.test(model)) continue;
    const file = readFileSync(dataPath('tflite_models', ...model.split('/')));
    const found = runModel(readModel(file, limits), [Int16Array.from(inputs[0]!.data)]);
    assert.equal(Array.from(found[0]!), [golden].flat()[0]!.data, model);
    count++;
  }
  assert.is(count, 27);
});

movement.run();
