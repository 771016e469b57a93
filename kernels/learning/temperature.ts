import { Mixture } from './mixture.ts';

/** Exponents β of p^β: those that square roots and products make, without a logarithm. 1 changes nothing. */
const EXPONENTS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];
const UNCHANGED = EXPONENTS.indexOf(1);
/** Prior of "needs no calibration"; the others share the rest. */
const UNCHANGED_PRIOR = 0.5;

/**
 * Online temperature scaling (Guo et al. 2017, §4.2, with β = 1/T): q ∝ p^β says as much as p, with another confidence.
 * Instead of one fitted temperature, a Bayesian mixture over a grid of them, weighted by the log-loss of labels with
 * fixed share (`Mixture`): nothing to tune, and the cumulative log-loss exceeds that of p itself by at most ln 2 plus
 * the switching term. Every power keeps the order of the classes, and so does their mixture: only confidence changes.
 */
export class Temperature {
  private readonly mixture: Mixture;
  /** [exponents × classes] */
  private readonly powers: Float32Array;

  constructor(
    private readonly classes: number,
    share: number,
  ) {
    const rest = (1 - UNCHANGED_PRIOR) / (EXPONENTS.length - 1);
    const prior = EXPONENTS.map((_, i) => (i === UNCHANGED ? UNCHANGED_PRIOR : rest));
    this.mixture = new Mixture({ classes, prior, share });
    this.powers = new Float32Array(EXPONENTS.length * classes);
  }

  /** Weight of every exponent: the whole state. */
  get weights(): Float64Array {
    return this.mixture.weights;
  }

  /** out = calibrated p, both [classes] and sums of 1; in place is allowed. */
  apply(p: Float32Array, out: Float32Array): void {
    this.raise(p);
    this.mixture.combine(this.powers, out);
  }

  /** The label of a window came, of which `p` was said. */
  learn(p: Float32Array, label: number): void {
    this.raise(p);
    this.mixture.learn(this.powers, label);
  }

  private raise(p: Float32Array): void {
    const powers = this.powers;
    const classes = this.classes;
    for (let i = 0; i < EXPONENTS.length; i++) {
      const from = i * classes;
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        const value = power(p[k]!, EXPONENTS[i]!);
        powers[from + k] = value;
        sum += value;
      }
      for (let k = 0; k < classes; k++) powers[from + k] = powers[from + k]! / sum;
    }
  }
}

/** p^β for the β of the list. */
function power(p: number, exponent: number): number {
  const root = Math.sqrt(p);
  switch (exponent) {
    case 0.25:
      return Math.sqrt(root);
    case 0.5:
      return root;
    case 0.75:
      return root * Math.sqrt(root);
    case 1.5:
      return p * root;
    case 2:
      return p * p;
    case 3:
      return p * p * p;
    case 4:
      return p * p * p * p;
    default:
      return p;
  }
}
