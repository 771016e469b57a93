import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { TensorData } from '../../kernels/tensor-view.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { checkMovement } from '../support/check-movement.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { dice } from '../support/dice.ts';
import { elementsIn, gather } from '../support/gather.ts';
import { perTensor, randomInt8 } from '../support/models.ts';
import { integers, type OperatorTensorCase, oneOperator, runModel } from '../support/one-operator.ts';
import { createOracle } from '../support/oracle.ts';
import { readVectors } from '../support/vectors.ts';

const movement = suite('operators that move elements');
const oracle = await createOracle();
const chance = dice(71);
const { int8, int16, int32 } = TensorType;

movement('TRANSPOSE of 40 shapes, up to 5 dimensions against TensorFlow Lite, 6 by definition', () => {
  for (let round = 0; round < 40; round++) {
    const rank = 2 + (round % 5);
    const shape = chance.shape(rank, rank > 4 ? 4 : 9);
    if (elementsIn(shape) === 1) shape[0] = 3;
    const permutation = chance.permutation(rank);
    const turned = permutation.map((axis) => shape[axis]!);
    const model = (type: number) =>
      oneOperator(
        Builtin.transpose,
        [{ type, shape }, integers(...permutation)],
        [{ type, shape: turned }],
        ['Transpose', {}],
      );
    const expected = (values: TensorData) =>
      gather(values, shape, turned, (at) => shape.map((_, axis) => at[permutation.indexOf(axis)]!));
    checkMovement(rank < 6 ? oracle : null, chance.random, {
      what: `[${shape}] by [${permutation}]`,
      shape,
      model,
      expected,
    });
  }
});

/** Shapes with a long last dimension too, so that runs of every kind of copy come along. */
const roomyShape = (rank: number): number[] => [
  ...chance.shape(rank - 1, 4),
  chance.pick([1, 2, 3, 4, 8, 12, 47, 64, 65, 100]),
];

movement('PAD and PADV2 around 40 shapes', () => {
  for (let round = 0; round < 40; round++) {
    const rank = 1 + (round % 4);
    const shape = roomyShape(rank);
    if (elementsIn(shape) === 1) shape[0] = 2;
    const paddings = Array.from({ length: 2 * rank }, () => chance.whole(0, 3));
    const padded = shape.map((size, axis) => paddings[2 * axis]! + size + paddings[2 * axis + 1]!);
    const second = round % 2 === 1;
    const border = (type: number): OperatorTensorCase[] => {
      if (!second) return [];
      const kind = { [int8]: Int8Array, [int16]: Int16Array, [int32]: Int32Array }[type] ?? Float32Array;
      return [{ type, shape: [1], data: kind.of(9) }];
    };
    const paddingsTensor = { ...integers(...paddings), shape: [rank, 2] };
    const model = (type: number) =>
      oneOperator(
        second ? Builtin.padv2 : Builtin.pad,
        [{ type, shape }, paddingsTensor, ...border(type)],
        [{ type, shape: padded }],
        [second ? 'PadV2' : 'Pad', {}],
      );
    const expected = (values: TensorData) => {
      const source = (at: readonly number[]) => {
        const place = at.map((coordinate, axis) => coordinate - paddings[2 * axis]!);
        return place.every((coordinate, axis) => coordinate >= 0 && coordinate < shape[axis]!) ? place : null;
      };
      const zero = values instanceof Int8Array ? -7 : 0;
      return gather(values, shape, padded, source, second ? 9 : zero);
    };
    checkMovement(oracle, chance.random, { what: `[${shape}] with [${paddings}]`, shape, model, expected });
  }
});

movement('MIRROR_PAD of 24 shapes, reflected and symmetric', () => {
  for (let round = 0; round < 24; round++) {
    const mode = round % 2;
    const rank = 1 + (round % 4);
    const shape = Array.from({ length: rank }, () => chance.whole(2, 6));
    const most = (axis: number): number => shape[axis]! - (mode === 0 ? 1 : 0);
    const paddings = shape.flatMap((_, axis) => [chance.whole(0, most(axis)), chance.whole(0, most(axis))]);
    const padded = shape.map((size, axis) => paddings[2 * axis]! + size + paddings[2 * axis + 1]!);
    const model = (type: number) =>
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
    const expected = (values: TensorData) =>
      gather(values, shape, padded, (at) => at.map((to, axis) => mirrored(to - paddings[2 * axis]!, shape[axis]!)));
    checkMovement(oracle, chance.random, {
      what: `mode ${mode}, [${shape}] with [${paddings}]`,
      shape,
      model,
      expected,
    });
  }
});

movement('RESIZE_NEAREST_NEIGHBOR up and down, on corners and pixel centres', () => {
  for (let round = 0; round < 40; round++) {
    const [batch, height, width, channels] = [
      chance.whole(1, 2),
      chance.whole(1, 12),
      chance.whole(1, 12),
      chance.pick([1, 3, 16]),
    ];
    const shape = [batch, height, width, channels];
    const [newHeight, newWidth] = [chance.whole(1, 25), chance.whole(1, 25)];
    const options = { alignCorners: round % 2 === 1, halfPixelCenters: round % 4 >= 2 };
    const model = oneOperator(
      Builtin.resizeNearestNeighbor,
      [{ type: int8, shape }, integers(newHeight, newWidth)],
      [{ type: int8, shape: [batch, newHeight, newWidth, channels] }],
      ['ResizeNearestNeighbor', options],
    );
    const inputs = [[randomInt8(chance.random, elementsIn(shape)).with(0, 1).with(-1, 2)]];
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
    const model = (type: number) =>
      oneOperator(
        code,
        [{ type, shape: from }, ...more],
        [{ type, shape: to }],
        [name, fields as Record<string, number>],
        1,
      );
    const expected = (values: TensorData) => Array.from(values);
    checkMovement(oracle, chance.random, { what: `${name} [${from}] to [${to}]`, shape: from, model, expected });
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
