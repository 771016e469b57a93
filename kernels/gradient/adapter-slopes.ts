import type { AdapterPoint } from '../adapter-point.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import type { GradientKernels } from '../wasm/kernels.ts';
import { gradientKernels } from './kernels.ts';
import type { LearningAdapter } from './rule.ts';

/** u and back [rows × rank], Bᵀ and the sums for B [rank × out], for the bias [out] and for A [rank × in]; float32. */
export function adapterScratchBytes(
  { rows, inFeatures, outFeatures }: AdapterPoint,
  rank: number,
  learnsA: boolean,
): number {
  if (rank === 0) return 0;
  return 4 * (2 * rows * rank + 2 * rank * outFeatures + outFeatures + (learnsA ? rank * inFeatures : 0));
}

/** dL/dB, dL/dbias and dL/dA of one adapter, and what goes back through it. */
export class AdapterSlopes {
  /** Byte address of scaling × s_A[r] × Bᵀ g, [rows × rank]: slopes of A ∗ x in the units of int8 A. */
  readonly back: number;
  private readonly hidden: number;
  private readonly transposed: number;
  private readonly sums: number;
  private readonly biasSums: number;
  private readonly filterSums: number;
  private readonly kernels: GradientKernels;

  /** @param scratch byte address of `adapterScratchBytes` */
  constructor(
    private readonly engine: WasmEngine,
    private readonly adapter: LearningAdapter,
    scratch: number,
  ) {
    const { point, rank } = adapter;
    const { rows, outFeatures } = point;
    this.kernels = gradientKernels(engine);
    this.hidden = scratch;
    this.back = this.hidden + 4 * rows * rank;
    this.transposed = this.back + 4 * rows * rank;
    this.sums = this.transposed + 4 * rank * outFeatures;
    this.biasSums = this.sums + 4 * rank * outFeatures;
    this.filterSums = this.biasSums + 4 * outFeatures;
  }

  /** @param g byte address of the layer's masked slopes [rows × out] */
  accumulate(g: number, passesOn: boolean): void {
    const { point, factors, rank } = this.adapter;
    const { rows, outFeatures, windows, inFeatures, inputScale } = point;
    const { loraA, loraAScale } = factors;
    this.kernels.adapterProject(
      windows.input,
      windows.rows,
      rows,
      windows.runs,
      windows.runLength,
      inFeatures,
      loraA.byteOffset,
      loraAScale.byteOffset,
      rank,
      inputScale,
      this.hidden,
    );
    this.prepareSums();
    const { hidden, transposed, biasSums, sums, back } = this;
    this.kernels.adapterGradient(g, hidden, transposed, rows, outFeatures, rank, biasSums, sums, back);
    this.add();
    if (this.adapter.loraAGradient.length > 0) this.accumulateA();
    if (passesOn) this.scaleBack();
  }

  private prepareSums(): void {
    const { float32 } = this.engine;
    const { point, factors, rank } = this.adapter;
    const { outFeatures } = point;
    float32.fill(0, this.sums / 4, this.biasSums / 4 + outFeatures);
    for (let c = 0; c < outFeatures; c++) {
      for (let r = 0; r < rank; r++) {
        float32[this.transposed / 4 + r * outFeatures + c] = factors.loraB[c * rank + r]!;
      }
    }
  }

  private add(): void {
    const { float32 } = this.engine;
    const { rank, scaling, loraBGradient, biasGradient } = this.adapter;
    const out = biasGradient.length;
    const sums = this.sums / 4;
    const biasSums = this.biasSums / 4;
    for (let c = 0; c < out; c++) {
      biasGradient[c]! += float32[biasSums + c]!;
      for (let r = 0; r < rank; r++) loraBGradient[c * rank + r]! += scaling * float32[sums + r * out + c]!;
    }
  }

  private accumulateA(): void {
    const { float32 } = this.engine;
    const { point, rank, scaling, loraAGradient } = this.adapter;
    const { rows, windows, inFeatures, inputScale } = point;
    const sums = this.filterSums / 4;
    float32.fill(0, sums, sums + loraAGradient.length);
    this.kernels.filterGradient(
      windows.input,
      windows.rows,
      rows,
      windows.runs,
      windows.runLength,
      inFeatures,
      this.back,
      rank,
      this.filterSums,
    );
    const unit = scaling * inputScale;
    for (let i = 0; i < loraAGradient.length; i++) loraAGradient[i] = loraAGradient[i]! + unit * float32[sums + i]!;
  }

  private scaleBack(): void {
    const { float32 } = this.engine;
    const { point, factors, rank, scaling } = this.adapter;
    let at = this.back / 4;
    for (let row = 0; row < point.rows; row++) {
      for (let r = 0; r < rank; r++, at++) float32[at]! *= Math.fround(scaling * factors.loraAScale[r]!);
    }
  }
}
