import type { Random } from '../../kernels/random.ts';

/** What liars do in measurements; every one knows what all honest nodes hold, and they agree among each other. */
export const ATTACK_NAMES = ['signFlip', 'noise', 'ipm', 'alie'] as const;
export type AttackName = (typeof ATTACK_NAMES)[number];

/** How strong each attack is when nothing else is said. */
export const ATTACK_STRENGTH: Readonly<Record<AttackName, number>> = {
  /** Times its own value, turned round. */
  signFlip: 3,
  /** Standard deviations of the noise per coordinate, in root mean squares of the honest mean. */
  noise: 10,
  /** ε of the paper. */
  ipm: 0.5,
  /** Factor on the paper's z. */
  alie: 1,
};

/**
 * The value that a liar pushes instead of its own.
 *
 * - `signFlip`: −strength · own.
 * - `noise`: the honest mean and normal noise `strength` times as large.
 * - `ipm`: −ε · mean of the honest values (inner-product manipulation, Xie, Koyejo and Gupta 2020). Parameters of a
 *   shared expert count from the frozen model at 0, so a value is the sum of its updates and the paper's rule applies.
 * - `alie`: mean − z · standard deviation in each coordinate, with the largest z that still hides among honest values
 *   (Baruch, Baruch and Goldberg 2019).
 *
 * @param honest values of the honest nodes as they are now, [n − f] × [D], at least one
 * @param own what the liar would push if it were honest [D]
 * @param liars f, how many act together, >= 1
 * @returns a new array [D]
 */
export function attack(
  name: AttackName,
  honest: readonly Float64Array[],
  own: Float64Array,
  random: Random,
  liars = Math.max(1, Math.round(honest.length / 4)),
  strength = ATTACK_STRENGTH[name],
): Float64Array {
  switch (name) {
    case 'signFlip':
      return own.map((value) => -strength * value);
    case 'noise': {
      const mean = meanOf(honest);
      const scale = strength * Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0) / mean.length);
      return mean.map((value) => value + scale * random.normal());
    }
    case 'ipm':
      return meanOf(honest).map((value) => -strength * value);
    case 'alie': {
      const mean = meanOf(honest);
      const z = strength * alieDeviations(honest.length + liars, liars);
      return deviationOf(honest, mean).map((deviation, d) => mean[d]! - z * deviation);
    }
  }
}

/** z: standard deviations that more honest nodes exceed than a median would need to notice. */
function alieDeviations(nodes: number, liars: number): number {
  const supporters = Math.floor(nodes / 2 + 1) - liars;
  const honest = nodes - liars;
  return normalQuantile((honest - supporters) / honest);
}

/** Inverse of the standard normal distribution by bisection: no table to trust. @param p > 0 and < 1 */
function normalQuantile(p: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ(z) by its Taylor series about 0 (Abramowitz and Stegun 26.2.11), good to 1e-12 for |z| < 6. */
function normalDistribution(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; n < 200; n++) {
    term *= (z * z) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

function meanOf(values: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(values[0]!.length);
  for (const value of values) for (let d = 0; d < mean.length; d++) mean[d] = mean[d]! + value[d]! / values.length;
  return mean;
}

function deviationOf(values: readonly Float64Array[], mean: Float64Array): Float64Array {
  const deviation = new Float64Array(mean.length);
  for (const value of values) {
    for (let d = 0; d < mean.length; d++) deviation[d] = deviation[d]! + (value[d]! - mean[d]!) ** 2 / values.length;
  }
  return deviation.map(Math.sqrt);
}
