import { createRandom, type Random } from '../../kernels/random.ts';

export interface QuadraticOptions {
  readonly nodes: number;
  /** D. */
  readonly size: number;
  /** How far apart the nodes' own optima lie, per coordinate; the common optimum lies at distance 1 from the start. */
  readonly spread: number;
  /** Standard deviation of the noise of one gradient, per coordinate. */
  readonly noise: number;
  readonly seed: number;
}

/**
 * Learners without data: node i has the loss f_i(θ) = ½ Σ_d h_id (θ_d − c_id)², whose optima c_i differ (nobody is
 * alike), and sees its gradient with noise. All begin at 0, as adapters do.
 */
export class QuadraticFleet {
  private readonly optima: Float64Array[];
  private readonly curvatures: Float64Array[];
  private readonly random: Random;

  constructor(private readonly options: QuadraticOptions) {
    const { nodes, size, spread, seed } = options;
    this.random = createRandom(seed, 'quadratic fleet');
    const common = Float64Array.from({ length: size }, () => (this.random.float() < 0.5 ? -1 : 1));
    this.optima = Array.from({ length: nodes }, () => common.map((c) => c + spread * this.random.normal()));
    this.curvatures = this.optima.map((optimum) => optimum.map(() => 0.5 + this.random.float()));
  }

  /** Adds `steps` noisy gradient steps on node i's own loss to `estimate`. */
  learn(node: number, estimate: Float64Array, steps: number, rate: number): void {
    const [optimum, curvature] = [this.optima[node]!, this.curvatures[node]!];
    for (let step = 0; step < steps; step++) {
      for (let d = 0; d < estimate.length; d++) {
        const gradient = curvature[d]! * (estimate[d]! - optimum[d]!) + this.options.noise * this.random.normal();
        estimate[d] = estimate[d]! - rate * gradient;
      }
    }
  }

  /** Node i's own loss, without noise, in the units of a log-loss: about 1 before anything is learned. */
  loss(node: number, estimate: Float64Array): number {
    const [optimum, curvature] = [this.optima[node]!, this.curvatures[node]!];
    let sum = 0;
    for (let d = 0; d < estimate.length; d++) sum += curvature[d]! * (estimate[d]! - optimum[d]!) ** 2;
    return sum / estimate.length;
  }

  /**
   * Mean over some nodes of the loss of `estimate` on all their objectives, 0 at the best that one vector can do for
   * them and 1 at the vector of zeros.
   */
  commonLoss(nodes: readonly number[], estimate: Float64Array): number {
    const mean = (theta: Float64Array): number => nodes.reduce((sum, i) => sum + this.loss(i, theta), 0) / nodes.length;
    const best = this.best(nodes);
    return (mean(estimate) - mean(best)) / (mean(estimate.map(() => 0)) - mean(best));
  }

  private best(nodes: readonly number[]): Float64Array {
    return Float64Array.from({ length: this.options.size }, (_, d) => {
      let [weighted, total] = [0, 0];
      for (const i of nodes) {
        weighted += this.curvatures[i]![d]! * this.optima[i]![d]!;
        total += this.curvatures[i]![d]!;
      }
      return weighted / total;
    });
  }
}
