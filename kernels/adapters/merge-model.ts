import { ModelError } from '../errors.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import type { Operator, Tensor, TfliteModel } from '../tflite/model.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { PeftAdapter, PeftLayer } from './peft.ts';
import { moduleOf } from './peft.ts';

/** |bias| stays below 2^30, as the quantiser keeps it. */
const BIAS_MAX = 1 << 30;

/** What merging made of one layer; all in real units of the weights. */
export interface MergedLayer {
  readonly name: string;
  /** Root mean square of what the adapter adds to a weight, and of what rounding made wrong of the sum. */
  readonly deltaRms: number;
  readonly errorRms: number;
  /** Share of the weights whose int8 value is the same as before: there the adapter has vanished. */
  readonly unchanged: number;
}

export interface MergedModel {
  readonly model: TfliteModel;
  readonly layers: readonly MergedLayer[];
}

/**
 * Adds an adapter to the int8 weights of its layers: W' = W + scaling × B A, b' = b + bias, quantised again with a
 * scale of each output channel's own largest weight (one for all where there was one). Small deltas vanish below half
 * a step of int8: that is what the figures are for.
 *
 * @throws ModelError `modelMismatch` when a layer of the adapter is none of the model's, or is not merged into
 */
export function mergeModel(model: TfliteModel, { rank, scaling, layers }: PeftAdapter): MergedModel {
  const tensors = [...model.subgraph.tensors];
  const buffers = [...model.buffers];
  const merged = layers.map((layer) => {
    const operator = operatorOf(model, layer);
    const [input, weights, bias = -1] = operator.inputs as [number, number, number?];
    const inputScale = tensors[input]!.quantisation!.scale[0]!;
    const { scale, values, figures } = mergeWeights(model, tensors[weights]!, layer, rank, scaling);
    const biasTensor = bias < 0 ? null : tensors[bias]!;
    if (biasTensor === null && layer.bias.some((value) => value !== 0)) mismatch(`layer ${layer.name} has no bias`);
    tensors[weights] = replaced(tensors[weights]!, scale, buffers.push(new Uint8Array(values.buffer)) - 1);
    if (biasTensor !== null) {
      const own = int32sOf(model.buffers[biasTensor.buffer]!);
      const unit = (c: number, of: Float32Array): number => inputScale * of[of.length === 1 ? 0 : c]!;
      const before = model.subgraph.tensors[weights]!.quantisation!.scale;
      const sums = Array.from(own, (b, c) => (b * unit(c, before) + layer.bias[c]!) / unit(c, scale));
      const units = scale.map((_, c) => unit(c, scale));
      tensors[bias] = replaced(biasTensor, units, buffers.push(int32Bytes(sums)) - 1);
    }
    return figures;
  });
  return { model: { ...model, buffers, subgraph: { ...model.subgraph, tensors } }, layers: merged };
}

function mergeWeights(
  model: TfliteModel,
  { buffer, quantisation }: Tensor,
  { name, inFeatures, outFeatures, loraA, loraB }: PeftLayer,
  rank: number,
  scaling: number,
): { scale: Float32Array; values: Int8Array; figures: MergedLayer } {
  const bytes = model.buffers[buffer]!;
  const before = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const scaleBefore = quantisation!.scale;
  const one = scaleBefore.length === 1;
  const real = new Float64Array(before.length);
  const largest = new Float64Array(scaleBefore.length);
  const touched = new Uint8Array(scaleBefore.length);
  let deltas = 0;
  for (let c = 0, at = 0; c < outFeatures; c++) {
    const channel = one ? 0 : c;
    for (let i = 0; i < inFeatures; i++, at++) {
      let delta = 0;
      for (let r = 0; r < rank; r++) delta += loraB[c * rank + r]! * loraA[r * inFeatures + i]!;
      if (delta !== 0) touched[channel] = 1;
      deltas += scaling * delta * scaling * delta;
      real[at] = before[at]! * scaleBefore[channel]! + scaling * delta;
      largest[channel] = Math.max(largest[channel]!, Math.abs(real[at]!));
    }
  }
  // A channel that the adapter leaves alone keeps its very bytes.
  const scale = scaleBefore.map((own, c) =>
    touched[c] === 1 && largest[c]! > 0 ? Math.fround(largest[c]! / 127) : own,
  );
  const values = new Int8Array(before.length);
  let errors = 0;
  let unchanged = 0;
  for (let at = 0; at < real.length; at++) {
    const channel = one ? 0 : Math.floor(at / inFeatures);
    values[at] = Math.max(-127, Math.min(127, roundHalfEven(real[at]! / scale[channel]!)));
    const error = values[at]! * scale[channel]! - real[at]!;
    errors += error * error;
    if (values[at] === before[at]) unchanged++;
  }
  const rms = (sum: number): number => Math.sqrt(sum / real.length);
  const figures = { name, deltaRms: rms(deltas), errorRms: rms(errors), unchanged: unchanged / real.length };
  return { scale, values, figures };
}

/** The operator that computes the tensor an adapter's layer is named after. */
export function operatorOf(model: TfliteModel, { name, inFeatures, outFeatures }: PeftLayer): Operator {
  const { operators, tensors } = model.subgraph;
  const operator = operators.find(({ outputs }) => moduleOf(tensors[outputs[0]!]!.name) === name);
  const weights = tensors[operator?.inputs[1] ?? -1];
  const users = operators.filter(({ inputs }) => inputs.includes(operator?.inputs[1] ?? -1)).length;
  if (operator === undefined || weights?.quantisation == null) return mismatch(`no layer computes ${name}`);
  if (weights.type !== TensorType.int8 || users !== 1) mismatch(`the weights of ${name} are not int8 of its own`);
  const sizes = [weights.shape[0]!, weights.shape.slice(1).reduce((product, n) => product * n, 1)];
  if (sizes[0] !== outFeatures || sizes[1] !== inFeatures) mismatch(`${name} is ${sizes[1]}→${sizes[0]}`);
  if (weights.quantisation.scale.length > 1 && weights.quantisation.quantizedDimension !== 0) {
    mismatch(`the scales of ${name} do not belong to its outputs`);
  }
  return operator;
}

function mismatch(what: string): never {
  throw new ModelError('modelMismatch', `${what}: the adapter cannot be merged into this model`);
}

function replaced(tensor: Tensor, scale: Float32Array, buffer: number): Tensor {
  const zeroPoint = new Int32Array(scale.length);
  return { ...tensor, buffer, quantisation: { ...tensor.quantisation!, scale, zeroPoint, min: none, max: none } };
}

const none = new Float32Array(0);

/** The file format is little-endian whatever the machine is. */
export function int32sOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true));
}

/** Nearest integers within what an accumulator can take, little-endian. */
export function int32Bytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setInt32(i * 4, Math.max(-BIAS_MAX, Math.min(BIAS_MAX, roundHalfEven(value))), true);
  });
  return bytes;
}
