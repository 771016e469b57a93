import type { Parameter } from './layer.ts';

/**
 * Moving average of the weights along the way of the optimiser: lies flatter than any point of the way and generalises
 * better (Polyak and Juditsky 1992; Izmailov et al. 2018, "SWA").
 */
export class WeightAverage {
  private readonly means: readonly Float32Array[];
  private readonly kept: readonly Float32Array[];
  private steps = 0;

  /** @param horizon steps that the average looks back on */
  constructor(
    private readonly parameters: readonly Parameter[],
    private readonly horizon: number,
  ) {
    this.means = parameters.map(({ value }) => value.data.slice());
    this.kept = parameters.map(({ value }) => value.data.slice());
  }

  /** Takes the present weights in. */
  add(): void {
    this.steps += 1;
    const share = 1 / Math.min(this.steps, this.horizon);
    this.parameters.forEach(({ value: { data } }, p) => {
      const mean = this.means[p]!;
      for (let i = 0; i < data.length; i += 1) mean[i]! += share * (data[i]! - mean[i]!);
    });
  }

  /** Puts the averages in the place of the weights, for `use`; then the weights return. */
  borrow<T>(use: () => T): T {
    this.parameters.forEach(({ value: { data } }, p) => {
      this.kept[p]!.set(data);
      data.set(this.means[p]!);
    });
    const result = use();
    this.parameters.forEach(({ value: { data } }, p) => {
      data.set(this.kept[p]!);
    });
    return result;
  }
}
