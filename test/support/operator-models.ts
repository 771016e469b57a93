import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { type Kind, SingleOperator } from './operator-builder.ts';
import {
  binary,
  connected,
  converted,
  convolved,
  elementwise,
  enlarged,
  joined,
  type Make,
  matrices,
  mean,
  moved,
  pad,
  parted,
  pooled,
  prelu,
  slice,
  transpose,
  transposedConvolution,
} from './operator-recipes.ts';

/** A model of one operator, drawn from a seed. */
export interface OperatorModel {
  /** Operator and type, e.g. `mul int8`. */
  readonly name: string;
  readonly code: number;
  make(random: () => number): TfliteModel;
}

const clamp = { fusedActivation: 0 };
/** Each operator with the types that converters write it in. */
const TABLE: readonly (readonly [name: keyof typeof Builtin, kinds: readonly Kind[], make: Make])[] = [
  ['add', ['int8', 'int16', 'float32'], binary(Builtin.add, ['Add', clamp])],
  ['averagePool2d', ['int8', 'float32'], pooled(Builtin.averagePool2d)],
  ['batchMatmul', ['int8', 'float32'], matrices],
  ['concatenation', ['int8', 'float32'], joined(Builtin.concatenation)],
  ['conv2d', ['int8', 'int4', 'int16', 'float32'], convolved],
  [
    'expandDims',
    ['int8'],
    moved(Builtin.expandDims, 3, (shape) => ({
      output: shape.toSpliced(1, 0, 1),
      integers: [[1]],
      options: ['ExpandDims', {}],
    })),
  ],
  ['fullyConnected', ['int8', 'int4', 'float32'], connected],
  ['hardSwish', ['int8', 'float32'], elementwise(Builtin.hardSwish, null)],
  ['leakyRelu', ['int8', 'int16', 'float32'], elementwise(Builtin.leakyRelu, ['LeakyRelu', { alpha: 0.3 }])],
  ['logistic', ['int8', 'float32'], elementwise(Builtin.logistic, null, 'probability')],
  ['maxPool2d', ['int8', 'float32'], pooled(Builtin.maxPool2d)],
  ['maximum', ['int8', 'float32'], binary(Builtin.maximum, ['MaximumMinimum', {}], 'same')],
  ['mean', ['int8', 'float32'], mean],
  ['minimum', ['int8', 'float32'], binary(Builtin.minimum, ['MaximumMinimum', {}], 'same')],
  ['mirrorPad', ['int8', 'float32'], pad(Builtin.mirrorPad, ['MirrorPad', { mode: 0 }], (side) => side - 1)],
  ['mul', ['int8', 'float32'], binary(Builtin.mul, ['Mul', clamp])],
  ['pack', ['int8', 'float32'], joined(Builtin.pack)],
  ['pad', ['int8', 'int16', 'float32'], pad(Builtin.pad, ['Pad', {}], () => 3)],
  ['padv2', ['int8', 'float32'], pad(Builtin.padv2, ['PadV2', {}], () => 3)],
  ['prelu', ['int8', 'float32'], prelu],
  ['relu', ['int8', 'float32'], elementwise(Builtin.relu, null)],
  ['relu6', ['int8', 'float32'], elementwise(Builtin.relu6, null)],
  ['reluN1To1', ['int8', 'float32'], elementwise(Builtin.reluN1To1, null)],
  [
    'reshape',
    ['int8', 'float32'],
    moved(Builtin.reshape, 3, ([a, b, c]) => ({
      output: [a! * b!, c!],
      integers: [[a! * b!, c!]],
      options: ['Reshape', { newShape: [a! * b!, c!] }],
    })),
  ],
  ['resizeNearestNeighbor', ['int8', 'float32'], enlarged],
  ['softmax', ['int8', 'float32'], elementwise(Builtin.softmax, ['Softmax', { beta: 1 }], 'probability')],
  ['split', ['int8', 'float32'], parted(Builtin.split)],
  [
    'squeeze',
    ['int8'],
    moved(Builtin.squeeze, 3, ([a, b, c]) => ({
      output: [a!, b!, c!].filter((side) => side > 1),
      integers: [],
      options: ['Squeeze', { squeezeDims: [] }],
    })),
  ],
  ['stridedSlice', ['int8', 'int16', 'float32'], slice],
  ['sub', ['int8', 'int16', 'float32'], binary(Builtin.sub, ['Sub', clamp])],
  ['tanh', ['int8', 'float32'], elementwise(Builtin.tanh, null, 'tanh')],
  ['transpose', ['int8', 'float32'], transpose],
  ['transposeConv', ['int8', 'int16', 'float32'], transposedConvolution],
  ['unpack', ['int8', 'float32'], parted(Builtin.unpack)],
];

const CONVERSIONS: readonly (readonly [code: number, from: Kind, to: Kind])[] = [
  [Builtin.quantize, 'float32', 'int8'],
  [Builtin.quantize, 'int8', 'int8'],
  [Builtin.quantize, 'int16', 'int16'],
  [Builtin.dequantize, 'int8', 'float32'],
  [Builtin.dequantize, 'int16', 'float32'],
];

const entry = (name: string, code: number, kind: Kind, make: Make): OperatorModel => ({
  name: `${name} ${kind}`,
  code,
  make: (random) => make(new SingleOperator(random, kind)),
});

/** Every operator of the engine that needs no state, in every type it comes in. */
export const operatorModels: readonly OperatorModel[] = [
  ...TABLE.flatMap(([name, kinds, make]) => kinds.map((kind) => entry(name, Builtin[name], kind, make))),
  ...CONVERSIONS.map(([code, from, to]) => {
    const name = code === Builtin.quantize ? 'quantize' : 'dequantize';
    return entry(`${name} to ${to} of`, code, from, converted(code, from, to));
  }),
];
