import { exp } from './exp.ts';

/** Below this the exponential form would cancel. */
const SMALL = 0.5;
/** From here on 1 − tanh is less than half a unit in the last place. */
const SATURATED = 20;

/** Hyperbolic tangent, the same bits on every machine; error within 2 ulp. Odd, and exact at 0, ±Infinity and NaN. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < SMALL) return x / continuedFraction(x * x);
  const value = size > SATURATED ? 1 : 1 - 2 / (exp(2 * size) + 1);
  if (Number.isNaN(x)) return x;
  return x < 0 ? -value : value;
}

/** 1 + s / (3 + s / (5 + …)), Gauss's fraction of x / tanh x for s = x²; eight terms reach 1e-18 for s < 1/4. */
function continuedFraction(s: number): number {
  return 1 + s / (3 + s / (5 + s / (7 + s / (9 + s / (11 + s / (13 + s / 15))))));
}
