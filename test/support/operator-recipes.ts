import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import type { Kind, SingleOperator } from './operator-builder.ts';

type Fields = Record<string, number | boolean | readonly number[]>;
/** Builds the model of one operator, in the type that the builder was made for. */
export type Make = (single: SingleOperator) => TfliteModel;

/** Values to values, one by one, with the options table of the operator. */
export const elementwise =
  (code: number, options: [string, Fields] | null, ends: 'free' | 'same' | 'probability' | 'tanh' = 'free'): Make =>
  (single) => {
    const shape = single.shape(1 + single.upTo(3));
    const input = single.activation(shape);
    return single.finish(code, [input], [single.output(shape, ends, input)], options, [input]);
  };

/** Two operands, one of them smaller along some dimension or a constant. */
export const binary =
  (code: number, options: [string, Fields], ends: 'free' | 'same' = 'free'): Make =>
  (single) => {
    const shape = single.shape(3);
    const small = single.random() < 0.5 ? shape : shape.map((side) => (single.random() < 0.4 ? 1 : side));
    const left = single.activation(shape);
    const constant = single.random() < 0.3;
    const right = constant ? single.constant(small) : single.activation(small, ends === 'same' ? left : undefined);
    const [name, fields] = options;
    const clamp = 'fusedActivation' in fields ? { fusedActivation: single.pick([0, 1, 3]) } : {};
    const output = single.output(shape, ends, left);
    return single.finish(
      code,
      [left, right],
      [output],
      [name, { ...fields, ...clamp }],
      constant ? [left] : [left, right],
    );
  };

/** The same values in other places: `shapes` gives the output's shape, the int32 operands and the options. */
export const moved =
  (
    code: number,
    rank: number,
    shapes: (
      shape: readonly number[],
      single: SingleOperator,
    ) => { output: readonly number[]; integers: readonly (readonly number[])[]; options: [string, Fields] | null },
  ): Make =>
  (single) => {
    const shape = single.shape(rank);
    const { output, integers, options } = shapes(shape, single);
    const input = single.activation(shape);
    const operands = integers.map((values) => single.integers(values));
    return single.finish(code, [input, ...operands], [single.output(output, 'same', input)], options, [input]);
  };

/** Rows of [before, after] per dimension; a mirror needs them below the side. */
const paddings = (shape: readonly number[], single: SingleOperator, most: (side: number) => number) =>
  shape.map((side) => [single.upTo(most(side)), single.upTo(most(side))] as const);

const padded = (shape: readonly number[], rows: readonly (readonly [number, number])[]) =>
  shape.map((side, axis) => side + rows[axis]![0] + rows[axis]![1]);

export const pad =
  (code: number, options: [string, Fields], most: (side: number) => number): Make =>
  (single) => {
    const shape = single.shape(3);
    const rows = paddings(shape, single, most);
    const input = single.activation(shape);
    const operands = [single.integers(rows.flat(), [shape.length, 2])];
    if (code === Builtin.padv2) operands.push(single.scalarLike(input));
    const output = single.output(padded(shape, rows), 'same', input);
    return single.finish(code, [input, ...operands], [output], options, [input]);
  };

export const joined =
  (code: number): Make =>
  (single) => {
    const shape = single.shape(3);
    const axis = single.upTo(2);
    const count = 2 + single.upTo(2);
    const first = single.activation(shape);
    const inputs = [first];
    let length = shape[axis]!;
    while (inputs.length < count) {
      const side = code === Builtin.pack ? shape[axis]! : 1 + single.upTo(4);
      length += side;
      inputs.push(single.activation(shape.with(axis, side), first));
    }
    const output = code === Builtin.pack ? shape.toSpliced(axis, 0, count) : shape.with(axis, length);
    const options: [string, Fields] =
      code === Builtin.pack ? ['Pack', { axis, valuesCount: count }] : ['Concatenation', { axis }];
    return single.finish(code, inputs, [single.output(output, 'same', first)], options, inputs);
  };

export const parted =
  (code: number): Make =>
  (single) => {
    const count = 2 + single.upTo(2);
    const axis = single.upTo(2);
    const shape = single.shape(3);
    const part = code === Builtin.split ? shape : shape.toSpliced(axis, 1);
    const whole = code === Builtin.split ? shape.with(axis, shape[axis]! * count) : shape.with(axis, count);
    const input = single.activation(whole);
    const outputs = Array.from({ length: count }, () => single.output(part, 'same', input));
    if (code === Builtin.unpack)
      return single.finish(code, [input], outputs, ['Unpack', { axis, num: count }], [input]);
    return single.finish(code, [single.integers([axis], []), input], outputs, ['Split', { numSplits: count }], [input]);
  };

export const slice = moved(Builtin.stridedSlice, 3, (shape, single) => {
  const begin = shape.map((side) => single.upTo(side - 1));
  const end = shape.map((side, axis) => begin[axis]! + 1 + single.upTo(side - begin[axis]! - 1));
  const strides = shape.map(() => 1 + single.upTo(2));
  const output = shape.map((_, axis) => Math.ceil((end[axis]! - begin[axis]!) / strides[axis]!));
  return { output, integers: [begin, end, strides], options: ['StridedSlice', {}] };
});

export const transpose = moved(Builtin.transpose, 4, (shape, single) => {
  const order = [0, 1, 2, 3];
  for (let at = 3; at > 0; at--) {
    const other = single.upTo(at);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return { output: order.map((axis) => shape[axis]!), integers: [order], options: ['Transpose', {}] };
});

export const mean: Make = (single) => {
  const shape = single.shape(4);
  const axes = single.pick([[1, 2], [3], [1], [2, 3], [-1]]);
  const reduced = new Set(axes.map((axis) => (axis + 4) % 4));
  const keepDims = single.random() < 0.5;
  const output = shape.flatMap((side, axis) => (!reduced.has(axis) ? [side] : keepDims ? [1] : []));
  const input = single.activation(shape);
  const operands = [input, single.integers(axes)];
  return single.finish(
    Builtin.mean,
    operands,
    [single.output(output, 'free', input)],
    ['Reducer', { keepDims }],
    [input],
  );
};

export const enlarged = moved(Builtin.resizeNearestNeighbor, 4, ([batch, , , channels], single) => {
  const size = [1 + single.upTo(9), 1 + single.upTo(9)];
  const halfPixelCenters = single.random() < 0.3;
  const options: [string, Fields] = ['ResizeNearestNeighbor', { halfPixelCenters }];
  return { output: [batch!, ...size, channels!], integers: [size], options };
});

export const matrices: Make = (single) => {
  const [batch, rows, depth, columns] = single.shape(4) as [number, number, number, number];
  const [adjX, adjY] = [single.random() < 0.4, single.random() < 0.4];
  const left = single.activation(adjX ? [batch, depth, rows] : [batch, rows, depth]);
  const right = single.activation(adjY ? [batch, columns, depth] : [batch, depth, columns]);
  const output = single.output([batch, rows, columns], 'free', left);
  return single.finish(Builtin.batchMatmul, [left, right], [output], ['BatchMatMul', { adjX, adjY }], [left, right]);
};

export const prelu: Make = (single) => {
  const shape = single.shape(4);
  const input = single.activation(shape);
  const alpha = single.constant([1, 1, shape[3]!]);
  return single.finish(Builtin.prelu, [input, alpha], [single.output(shape, 'free', input)], null, [input]);
};

/** From one type to another, and to another scale. */
export const converted =
  (code: number, from: Kind, to: Kind): Make =>
  (single) => {
    const shape = single.shape(3);
    const input = single.activationOf(from, shape);
    const name = code === Builtin.quantize ? 'Quantize' : 'Dequantize';
    return single.finish(code, [input], [single.activationOf(to, shape)], [name, {}], [input]);
  };

export const transposedConvolution: Make = (single) => {
  const [, height, width, channels] = single.shape(4) as [number, number, number, number];
  const [kernel, stride, features] = [1 + single.upTo(3), 1 + single.upTo(1), 1 + single.upTo(8)];
  const output = [1, (height - 1) * stride + kernel, (width - 1) * stride + kernel, features];
  const input = single.activation([1, height, width, channels]);
  const [weights, bias] = single.weights([features, kernel, kernel, channels], kernel * kernel * channels, input);
  const to = single.output(output, 'free', input);
  const fields = { padding: 1, strideH: stride, strideW: stride };
  const operands = [single.integers(output), weights, input, bias];
  return single.finish(Builtin.transposeConv, operands, [to], ['TransposeConv', fields], [input]);
};

export const convolved: Make = (single) => {
  const [, height, width, channels] = single.shape(4) as [number, number, number, number];
  const [kernel, features] = [single.pick([1, 3]), 1 + single.upTo(9)];
  const input = single.activation([1, height, width, channels]);
  const [weights, bias] = single.weights([features, kernel, kernel, channels], kernel * kernel * channels, input);
  const to = single.output([1, height, width, features], 'free', input);
  const options: [string, Fields] = ['Conv2D', { padding: 0, strideH: 1, strideW: 1 }];
  return single.finish(Builtin.conv2d, [input, weights, bias], [to], options, [input]);
};

export const connected: Make = (single) => {
  const [rows, depth, features] = single.shape(3) as [number, number, number];
  const input = single.activation([rows, depth]);
  const [weights, bias] = single.weights([features, depth], depth, input);
  const to = single.output([rows, features], 'free', input);
  return single.finish(Builtin.fullyConnected, [input, weights, bias], [to], ['FullyConnected', {}], [input]);
};

export const pooled =
  (code: number): Make =>
  (single) => {
    const [, height, width, channels] = single.shape(4) as [number, number, number, number];
    const [side, stride] = [1 + single.upTo(2), 1 + single.upTo(1)];
    const input = single.activation([1, height, width, channels]);
    const output = single.output([1, Math.ceil(height / stride), Math.ceil(width / stride), channels], 'same', input);
    const fields = { padding: 0, strideH: stride, strideW: stride, filterHeight: side, filterWidth: side };
    return single.finish(code, [input], [output], ['Pool2D', fields], [input]);
  };
