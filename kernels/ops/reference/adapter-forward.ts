import { roundHalfEven } from '../../math/round-half-even.ts';

/** One adapter on one dense row; the layout of `AdapterFactors`, and of the kernel's arguments. */
export interface AdapterCase {
  readonly rank: number;
  readonly scaling: number;
  readonly inputScale: number;
  /** [in], x − zeroPoint */
  readonly input: Int16Array;
  readonly loraA: Int8Array;
  readonly loraAScale: Float32Array;
  readonly loraB: Float32Array;
  readonly bias: Float32Array;
  /** [out], s_in × s_w[c] */
  readonly step: Float32Array;
  /** [out] */
  readonly start: Int32Array;
}

const CORRECTION_MAX = 1073741824;

/** Plain twin of the `adapterForward` kernel: the accumulator start of each channel with the adapter in it. */
export function adapterForwardReference(adapter: AdapterCase): Int32Array {
  const { rank, bias, step, start } = adapter;
  const hidden = project(adapter);
  return start.map((value, channel) => {
    let delta = 0;
    for (let r = 0; r < rank; r++) {
      const term = Math.fround(adapter.loraB[channel * rank + r]! * hidden[r]!);
      // Starting from the first term and not from 0 keeps the sign of a zero sum, as the kernel does.
      delta = r === 0 ? term : Math.fround(delta + term);
    }
    delta = Math.fround(bias[channel]! + Math.fround(Math.fround(adapter.scaling) * delta));
    const units = Math.fround(delta / step[channel]!);
    return (value + correction(units)) | 0;
  });
}

/** u[r] = s_in × s_A[r] × Σ_i A[r,i] × x[i]; the sum exact, two float32 products. */
function project(adapter: AdapterCase): Float32Array {
  const { input, loraA, loraAScale } = adapter;
  return loraAScale.map((scale, r) => {
    let sum = 0;
    for (let i = 0; i < input.length; i++) sum += loraA[r * input.length + i]! * input[i]!;
    return Math.fround(Math.fround(Math.fround(adapter.inputScale) * scale) * Math.fround(sum));
  });
}

function correction(units: number): number {
  if (Number.isNaN(units)) return 0;
  return roundHalfEven(Math.max(-CORRECTION_MAX, Math.min(CORRECTION_MAX, units)));
}
