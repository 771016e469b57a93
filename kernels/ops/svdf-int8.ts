import { multiplyByQuantisedMultiplier, type QuantisedMultiplier } from './fixed-point.ts';

/** Sizes of an SVDF layer: each of its units is the sum of `rank` filters with a memory of `memory` steps. */
export interface SvdfShape {
  readonly batches: number;
  readonly inputs: number;
  /** units × rank */
  readonly filters: number;
  readonly rank: number;
  readonly memory: number;
}

/** Integers of a quantised SVDF layer; state and weights over time are symmetric. */
export interface SvdfInt8 extends SvdfShape {
  readonly inputZeroPoint: number;
  readonly outputZeroPoint: number;
  /** s_input × s_features / s_state */
  readonly featureMultiplier: QuantisedMultiplier;
  /** s_state × s_time / s_output */
  readonly timeMultiplier: QuantisedMultiplier;
}

/** Values of one layer; state and time are both int16 or both int8. */
export interface SvdfInt8Tensors {
  /** [batches × inputs] */
  readonly input: Int8Array;
  /** [filters × inputs] */
  readonly features: Int8Array;
  /** [filters × memory], oldest step first */
  readonly time: Int8Array | Int16Array;
  /** [units] in units of s_state × s_time, or null */
  readonly bias: Int32Array | null;
  /** [batches × filters × memory], oldest step first; moved on by one step */
  readonly state: Int8Array | Int16Array;
  /** [batches × units] */
  readonly output: Int8Array;
}

/** One step (TFLite, kernels/internal/reference/svdf.h, `EvalIntegerSVDF`; CMSIS-NN, `arm_svdf_state_s16_s8`). */
export function svdfInt8(layer: SvdfInt8, tensors: SvdfInt8Tensors): void {
  // The newest value of each filter takes the place that its neighbour's oldest one was moved to.
  tensors.state.copyWithin(0, 1);
  project(layer, tensors);
  respond(layer, tensors);
}

/** state[b, f, newest] = requantised Σ_i features[f, i] × (x[b, i] − z) */
function project(layer: SvdfInt8, { input, features, state }: SvdfInt8Tensors): void {
  const { batches, inputs, filters, memory, inputZeroPoint, featureMultiplier } = layer;
  const highest = state instanceof Int16Array ? 32767 : 127;
  let newest = memory - 1;
  for (let batch = 0; batch < batches; batch++) {
    for (let filter = 0; filter < filters; filter++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) {
        sum = (sum + features[filter * inputs + i]! * (input[batch * inputs + i]! - inputZeroPoint)) | 0;
      }
      const value = multiplyByQuantisedMultiplier(sum, featureMultiplier);
      state[newest] = Math.max(-highest - 1, Math.min(highest, value));
      newest += memory;
    }
  }
}

/** output[b, u] = requantised bias[u] + Σ over the unit's filters and steps of time × state */
function respond(layer: SvdfInt8, { time, bias, state, output }: SvdfInt8Tensors): void {
  const { batches, filters, rank, memory, outputZeroPoint, timeMultiplier } = layer;
  const units = filters / rank;
  for (let batch = 0; batch < batches; batch++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = bias === null ? 0 : bias[unit]!;
      const first = unit * rank * memory;
      for (let at = first; at < first + rank * memory; at++) {
        sum = (sum + time[at]! * state[batch * filters * memory + at]!) | 0;
      }
      const value = multiplyByQuantisedMultiplier(sum, timeMultiplier) + outputZeroPoint;
      output[batch * units + unit] = Math.max(-128, Math.min(127, value));
    }
  }
}
