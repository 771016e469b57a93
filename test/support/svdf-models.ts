import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { ModelBuilder, perTensor, randomInt8 } from './models.ts';

export interface SvdfModel {
  readonly batches: number;
  readonly inputs: number;
  readonly units: number;
  readonly rank: number;
  readonly memory: number;
  readonly bias: boolean;
  readonly activation: number;
  /** Element type of the state and of the weights over time. */
  readonly state: number;
}

export const SCALES = { input: 0.05, features: 0.01, state: 0.0009, time: 0.0001, output: 0.012 };

/** For a state of int8. */
export const BYTE_SCALES = { input: 0.05, features: 0.01, state: 0.5, time: 0.01, output: 1.2 };

const randomInt16 = (random: () => number, length: number, range: number): Int16Array =>
  Int16Array.from({ length }, () => Math.floor((random() * 2 - 1) * range));

export const floats = (random: () => number, length: number): Float32Array =>
  Float32Array.from({ length }, () => random() * 2 - 1);

/** A model of one layer; a change of its operands by index replaces a tensor, for hostile models. */
export const svdfModel = (
  random: () => number,
  layer: SvdfModel,
  scales = SCALES,
  replaced: Record<number, number[]> = {},
): TfliteModel => {
  const { batches, inputs, units, rank, memory, state: type } = layer;
  const filters = units * rank;
  const builder = new ModelBuilder();
  const real = type === TensorType.float32;
  const quantised = (scale: number, zeroPoint = 0) => (real ? null : perTensor(scale, zeroPoint));
  const shape = (position: number, usual: number[]): number[] => replaced[position] ?? usual;
  const weights = (at: number, rows: number, columns: number, scale: number, wide: boolean): number => {
    const dimensions = shape(at, [rows, columns]);
    const length = dimensions.reduce((product, dimension) => product * dimension, 1);
    if (real) return builder.tensor(type, dimensions, null, floats(random, length));
    const data = wide ? randomInt16(random, length, 3000) : randomInt8(random, length);
    return builder.tensor(wide ? TensorType.int16 : TensorType.int8, dimensions, perTensor(scale, 0), data);
  };
  const edge = real ? type : TensorType.int8;
  const input = builder.tensor(edge, shape(0, [batches, inputs]), quantised(scales.input, 7));
  const features = weights(1, filters, inputs, scales.features, false);
  const time = weights(2, filters, memory, scales.time, type === TensorType.int16);
  const spread = (64 * scales.output) / (scales.state * scales.time);
  const biases = real ? floats(random, units) : Int32Array.from(floats(random, units), (value) => value * spread);
  const biasType = real ? type : TensorType.int32;
  const bias = layer.bias ? builder.tensor(biasType, [units], quantised(scales.state * scales.time), biases) : -1;
  const state = builder.variable(type, shape(4, [batches, filters * memory]), quantised(scales.state));
  const output = builder.tensor(edge, shape(5, [batches, units]), quantised(scales.output, -13));
  const options: Record<string, number> = { rank, fusedActivation: layer.activation };
  builder.operator(Builtin.svdf, [input, features, time, bias, state], [output], ['SVDF', options], 3);
  return builder.build([input], [output]);
};
