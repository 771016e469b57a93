import { ADAPTER_RANK_MAX } from '../../adapter-limits.ts';
import type { WindowAddresses } from '../../adapter-point.ts';
import { roundHalfEven } from '../../math/round-half-even.ts';
import type { WasmEngine } from '../../wasm/engine.ts';
import type { ActiveAdapters } from '../operator.ts';

/** As the compiled kernels have it. */
const CORRECTION_MAX = 134_217_728;

/** What adapters need of a layer. */
export interface AdaptedLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly inputScale: number;
  /** [out], s_in × s_w[c] */
  readonly unit: Float32Array;
  /** [out], accumulators before the first product. */
  readonly start: Float64Array;
}

/** Plain twin of `adapterRow` in kernels/wasm/assembly/adapter.ts: same order, same roundings, same bits. */
export class PlainAdapterRow {
  /** [out], the accumulators of the last `adjust` with the adapter in them. */
  readonly adjusted: Float64Array;
  private readonly hidden = new Float32Array(ADAPTER_RANK_MAX);

  constructor(
    private readonly engine: WasmEngine,
    private readonly layer: AdaptedLayer,
  ) {
    this.adjusted = new Float64Array(layer.outFeatures);
  }

  /** @param x index in the engine's int16 of the row's first input */
  adjust(x: number, windows: WindowAddresses, { addresses, rank, scaling }: ActiveAdapters, ordinal: number): void {
    const { float32 } = this.engine;
    const { outFeatures, unit, start } = this.layer;
    const { loraA, loraAScale, loraB, bias } = addresses[ordinal]!;
    for (let r = 0; r < rank; r++) this.project(x, windows, loraA + r * this.layer.inFeatures, loraAScale / 4 + r, r);
    for (let channel = 0; channel < outFeatures; channel++) {
      const row = loraB / 4 + channel * rank;
      // From the first term and not from 0: keeps the sign of a zero sum, as the kernel does.
      let delta = Math.fround(float32[row]! * this.hidden[0]!);
      for (let r = 1; r < rank; r++) delta = Math.fround(delta + Math.fround(float32[row + r]! * this.hidden[r]!));
      delta = Math.fround(float32[bias / 4 + channel]! + Math.fround(scaling * delta));
      this.adjusted[channel] = (start[channel]! + correction(Math.fround(delta / unit[channel]!))) | 0;
    }
  }

  /** u[r] = s_in × s_A[r] × Σ_i A[r,i] × x[i]; the sum exact, two float32 products. */
  private project(
    x: number,
    { runs, runCount, runLength }: WindowAddresses,
    loraA: number,
    scale: number,
    r: number,
  ): void {
    const { int8, int16, int32, float32 } = this.engine;
    let sum = 0;
    let a = loraA;
    for (let run = 0; run < runCount; run++) {
      const first = x + int32[runs / 4 + run]! / 2;
      for (let i = 0; i < runLength; i++, a++) sum += int8[a]! * int16[first + i]!;
    }
    this.hidden[r] = Math.fround(Math.fround(this.layer.inputScale) * float32[scale]!) * Math.fround(sum);
  }
}

function correction(units: number): number {
  if (Number.isNaN(units)) return 0;
  return roundHalfEven(Math.max(-CORRECTION_MAX, Math.min(CORRECTION_MAX, units)));
}
