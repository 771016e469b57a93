import type { SvdfShape } from './svdf-int8.ts';

/** Values of one layer, shaped as in `SvdfInt8Tensors`. */
export interface SvdfFloat32Tensors {
  readonly input: Float32Array;
  readonly features: Float32Array;
  readonly time: Float32Array;
  readonly bias: Float32Array | null;
  readonly state: Float32Array;
  readonly output: Float32Array;
}

/** An SVDF layer in real numbers with the clamp of its fused activation. */
export interface SvdfFloat32 extends SvdfShape {
  readonly activationMin: number;
  readonly activationMax: number;
}

/** One step in float32, rounded after each operation (TFLite, kernels/internal/reference/svdf.h, `EvalFloatSVDF`). */
export function svdfFloat32(layer: SvdfFloat32, tensors: SvdfFloat32Tensors): void {
  tensors.state.copyWithin(0, 1);
  project(layer, tensors);
  respond(layer, tensors);
}

function project({ batches, inputs, filters, memory }: SvdfFloat32, tensors: SvdfFloat32Tensors): void {
  const { input, features, state } = tensors;
  let newest = memory - 1;
  for (let batch = 0; batch < batches; batch++) {
    for (let filter = 0; filter < filters; filter++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) {
        sum = Math.fround(sum + Math.fround(features[filter * inputs + i]! * input[batch * inputs + i]!));
      }
      state[newest] = sum;
      newest += memory;
    }
  }
}

function respond(layer: SvdfFloat32, { time, bias, state, output }: SvdfFloat32Tensors): void {
  const { batches, filters, rank, memory, activationMin, activationMax } = layer;
  const units = filters / rank;
  for (let batch = 0; batch < batches; batch++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = bias === null ? 0 : bias[unit]!;
      for (let filter = unit * rank; filter < (unit + 1) * rank; filter++) {
        let response = 0;
        for (let at = filter * memory; at < (filter + 1) * memory; at++) {
          response = Math.fround(response + Math.fround(time[at]! * state[batch * filters * memory + at]!));
        }
        sum = Math.fround(sum + response);
      }
      output[batch * units + unit] = Math.max(activationMin, Math.min(activationMax, sum));
    }
  }
}
