import { activationRange } from '../ops/activation.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import type { StoredTensor } from '../stored-tensor.ts';

export interface ClampRange {
  readonly zeroPoint: number;
  /** There is a fused activation. */
  readonly isFused: boolean;
  /** Range of the quantised output, the fused activation's where there is one. */
  readonly min: number;
  readonly max: number;
}

/** Range of an operator with a fused activation or with none. */
export function clampRangeOf(context: PrepareContext): ClampRange {
  const quantisation = context.quantisation(context.output());
  const [min, max] = activationRange(context, quantisation);
  return { zeroPoint: quantisation.zeroPoint, isFused: context.option('fusedActivation') !== 0, min, max };
}

/**
 * Drops the slopes of outputs that were clamped. A fused activation has no slope where it clamps. An output at the end
 * of int8's own range is a limit of the number format: there, only the gradient that would lead further out is dropped
 * (descent goes against it), or a saturated logit could never learn. Rounding passes straight through (Bengio et al.
 * 2013).
 */
export class ClampMask {
  private readonly fusedBelow: boolean;
  private readonly fusedAbove: boolean;

  constructor(
    private readonly output: StoredTensor,
    private readonly range: ClampRange,
  ) {
    this.fusedBelow = range.isFused && (range.min > -128 || range.min === range.zeroPoint);
    this.fusedAbove = range.isFused && range.max < 127;
  }

  /** Of the slopes g[at …], as many as the output has values and in their order. */
  apply(g: Float32Array, at: number): void {
    const { values, offset, runs, length } = this.output;
    const low = this.range.min - offset;
    const high = this.range.max - offset;
    let to = at;
    for (let run = 0; run < runs; run++) {
      const from = this.output.start(run);
      for (let i = 0; i < length; i++, to++) {
        const value = values[from + i]!;
        if (value <= low) {
          if (this.fusedBelow || g[to]! > 0) g[to] = 0;
        } else if (value >= high && (this.fusedAbove || g[to]! < 0)) g[to] = 0;
      }
    }
  }
}
