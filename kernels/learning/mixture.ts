import { exp } from '../math/exp.ts';

/**
 * Probability mass spread evenly over the classes before an expert is believed: p' = (1 - ε) p + ε / K. A single
 * confident mistake costs at most ln(K/ε) nats, and the frozen expert loses at most ln(1/(1-ε)) by it per label.
 */
export const PROBABILITY_FLOOR = 0.01;

export interface MixtureOptions {
  /** Classes, K. */
  readonly classes: number;
  /** Weights before the first label, > 0, summing to 1; also where forgetting leads back to. */
  readonly prior: readonly number[];
  /** α: share of the weight that returns to the prior after every label, 0 to 1. */
  readonly share: number;
}

/**
 * One decision from several experts: Bayes on their log-loss (Hedge with learning rate 1) with fixed share towards the
 * prior (Herbster and Warmuth 1998, §5; towards a fixed distribution as in Cesa-Bianchi et al. 2012).
 *
 * Promise, for any sequence of T labels and any expert e: the mixture's cumulative log-loss is at most that of e (with
 * the floor) + ln(1/prior[e]) + (T - 1) ln(1/(1 - α(1 - prior[e]))); the last is the switching term.
 */
export class Mixture {
  /** Weight of every expert, sums to 1: the whole state, but for the prior where that changes. */
  readonly weights: Float64Array;
  readonly prior: Float64Array;

  constructor(private readonly options: MixtureOptions) {
    const sum = options.prior.reduce((total, weight) => total + weight, 0);
    if (!options.prior.every((weight) => weight > 0) || Math.abs(sum - 1) > 1e-9) {
      throw new RangeError(`mixture: the prior [${options.prior}] must be positive and sum to 1`);
    }
    this.prior = Float64Array.from(options.prior);
    this.weights = Float64Array.from(options.prior);
  }

  /**
   * Takes up the weights of some experts as they were before the others came: those begin with their prior.
   *
   * @param known summing to 1. @param experts whose they are, places in the order of `weights`
   */
  adopt(known: Float64Array, experts: readonly number[]): void {
    this.weights.set(this.prior);
    const left = experts.reduce((sum, e) => sum + this.prior[e]!, 0);
    for (let i = 0; i < known.length; i++) this.weights[experts[i]!] = left * known[i]!;
  }

  /**
   * Goes on as if it had begun with another prior, > 0 and summing to 1. With r = new / old, a change adds at most
   * ln(max r / r[e]) to what is promised of expert e; where it is taken back later, the weights are what they were.
   */
  reprior(prior: Float64Array): void {
    let sum = 0;
    for (let e = 0; e < prior.length; e++) {
      this.weights[e] = (this.weights[e]! * prior[e]!) / this.prior[e]!;
      sum += this.weights[e]!;
    }
    for (let e = 0; e < prior.length; e++) this.weights[e] = this.weights[e]! / sum;
    this.prior.set(prior);
  }

  /** What an expert's probability counts as. */
  floored(p: number): number {
    return (1 - PROBABILITY_FLOOR) * p + PROBABILITY_FLOOR / this.options.classes;
  }

  /** out[k] = Σ_e weight[e] p'[e, k], experts' probabilities [experts × classes] in, [classes] out. */
  combine(probabilities: Float32Array, out: Float32Array): void {
    const { classes } = this.options;
    for (let k = 0; k < classes; k++) {
      let sum = 0;
      for (let e = 0; e < this.weights.length; e++)
        sum += this.weights[e]! * this.floored(probabilities[e * classes + k]!);
      out[k] = sum;
    }
  }

  /** The same of the first `experts` alone, by their weights among each other. */
  combineFirst(experts: number, probabilities: Float32Array, out: Float32Array): void {
    const { classes } = this.options;
    let total = 0;
    for (let e = 0; e < experts; e++) total += this.weights[e]!;
    for (let k = 0; k < classes; k++) {
      let sum = 0;
      for (let e = 0; e < experts; e++) sum += this.weights[e]! * this.floored(probabilities[e * classes + k]!);
      out[k] = sum / total;
    }
  }

  /** A label came: weights follow what the experts had said [experts × classes] when the window was decided. */
  learn(probabilities: Float32Array, label: number): void {
    const { weights, prior } = this;
    const { classes, share } = this.options;
    let sum = 0;
    for (let e = 0; e < weights.length; e++) {
      weights[e] = weights[e]! * this.floored(probabilities[e * classes + label]!);
      sum += weights[e]!;
    }
    for (let e = 0; e < weights.length; e++) weights[e] = (1 - share) * (weights[e]! / sum) + share * prior[e]!;
  }
}

/** A prior in which the first expert leads each other one by `advantage` nats. */
export function priorInFavourOfFirst(experts: number, advantage: number): number[] {
  const rest = exp(-advantage);
  const sum = 1 + (experts - 1) * rest;
  return Array.from({ length: experts }, (_, e) => (e === 0 ? 1 : rest) / sum);
}
