import { int32Bytes, int32sOf } from '../adapters/merge-model.ts';
import { ModelError } from '../errors.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import type { Tensor, TfliteModel } from '../tflite/model.ts';
import { TensorType } from '../tflite/tensor-type.ts';

export interface RequantiseOptions {
  /** Of the weights of dense layers and convolutions; depthwise ones stay at 8. */
  readonly weightBits: 4 | 8;
  /** Factor on the scales of activations and int8 weights, as a calibration with other data gives; from 0.5 to 4. */
  readonly widen: number;
}

/** Their output's scale is fixed by the format. */
const FIXED: ReadonlySet<number> = new Set([Builtin.softmax, Builtin.logistic, Builtin.tanh]);
const LAYERS: ReadonlySet<number> = new Set([Builtin.fullyConnected, Builtin.conv2d, Builtin.depthwiseConv2d]);
const INT4_MAX = 7;
const INT8_MAX = 127;

/**
 * The same int8 network quantised otherwise: what its maker would ship after a calibration with other data, or with
 * int4 weights. Metadata stay as they are.
 *
 * @throws ModelError `unsupportedModel` for constants other than the weights and biases of layers
 */
export function requantiseModel(model: TfliteModel, { weightBits, widen }: RequantiseOptions): TfliteModel {
  const { operators } = model.subgraph;
  const tensors = [...model.subgraph.tensors];
  const buffers = [...model.buffers];
  const codeOf = (at: number): number => model.operatorCodes[operators[at]!.opcodeIndex]!.builtin;
  const fixed = new Set(operators.flatMap(({ outputs }, at) => (FIXED.has(codeOf(at)) ? outputs : [])));
  const isConstant = ({ buffer }: Tensor): boolean => model.buffers[buffer]!.length > 0;
  tensors.forEach((tensor, index) => {
    if (tensor.type === TensorType.int8 && tensor.quantisation !== null && !isConstant(tensor) && !fixed.has(index)) {
      tensors[index] = scaled(tensor, widen);
    }
  });
  operators.forEach(({ inputs }, at) => {
    if (!LAYERS.has(codeOf(at))) {
      if (inputs.some((t) => t >= 0 && isConstant(tensors[t]!) && tensors[t]!.type === TensorType.int8)) {
        throw new ModelError('unsupportedModel', `operator ${at} has constants that are no weights: quantise it anew`);
      }
      return;
    }
    const [input, weights, bias = -1] = inputs as [number, number, number?];
    const before = model.subgraph.tensors;
    const bits = codeOf(at) === Builtin.depthwiseConv2d || before[weights]!.type !== TensorType.int8 ? 8 : weightBits;
    const factor = bits === 4 ? INT8_MAX / INT4_MAX : widen;
    const values = requantised(model.buffers[before[weights]!.buffer]!, factor, bits);
    const data = bits === 4 ? packed(values) : new Uint8Array(values.buffer);
    const type = bits === 4 ? TensorType.int4 : before[weights]!.type;
    tensors[weights] = { ...scaled(before[weights]!, factor), type, buffer: buffers.push(data) - 1 };
    if (bias < 0) return;
    const whole = (tensors[input]!.quantisation!.scale[0]! / before[input]!.quantisation!.scale[0]!) * factor;
    const sums = Array.from(int32sOf(model.buffers[before[bias]!.buffer]!), (b) => b / whole);
    tensors[bias] = { ...scaled(before[bias]!, whole), buffer: buffers.push(int32Bytes(sums)) - 1 };
  });
  return { ...model, buffers, subgraph: { ...model.subgraph, tensors } };
}

function scaled(tensor: Tensor, factor: number): Tensor {
  const quantisation = tensor.quantisation!;
  return { ...tensor, quantisation: { ...quantisation, scale: quantisation.scale.map((s) => s * factor) } };
}

function requantised(bytes: Uint8Array, factor: number, bits: number): Int8Array {
  const limit = bits === 4 ? INT4_MAX : INT8_MAX;
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return values.map((q) => Math.max(-limit, Math.min(limit, roundHalfEven(q / factor))));
}

/** Two values a byte, the first in the low half, as TFLite packs int4. */
function packed(values: Int8Array): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(values.length / 2) }, (_, i) => {
    return (values[2 * i]! & 0xf) | (((values[2 * i + 1] ?? 0) & 0xf) << 4);
  });
}
