import type { Parameter } from './layer.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Adam with decoupled weight decay and a rate per step (Loshchilov and Hutter 2019, algorithm 2), in doubles. */
export class ScheduledAdam {
  private readonly moments: readonly { readonly first: Float64Array; readonly second: Float64Array }[];
  private power1 = 1;
  private power2 = 1;

  constructor(
    private readonly parameters: readonly Parameter[],
    private readonly decay: number,
  ) {
    this.moments = parameters.map(({ value }) => ({
      first: new Float64Array(value.data.length),
      second: new Float64Array(value.data.length),
    }));
  }

  /** Takes one step along the gradients and clears them. */
  step(rate: number): void {
    this.power1 *= BETA1;
    this.power2 *= BETA2;
    this.parameters.forEach(({ value: { data }, gradient, decays }, p) => {
      const { first, second } = this.moments[p]!;
      const kept = decays ? 1 - rate * this.decay : 1;
      for (let i = 0; i < data.length; i += 1) {
        const g = gradient.data[i]!;
        first[i] = BETA1 * first[i]! + (1 - BETA1) * g;
        second[i] = BETA2 * second[i]! + (1 - BETA2) * g * g;
        const size = Math.sqrt(second[i]! / (1 - this.power2)) + EPSILON;
        data[i] = data[i]! * kept - (rate * first[i]!) / (1 - this.power1) / size;
      }
      gradient.data.fill(0);
    });
  }
}
