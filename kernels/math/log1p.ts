import { log } from './log.ts';

/**
 * log(1 + x) without cancellation near 0; error below 4 ulp (Kahan's correction, HP-15C Advanced Functions Handbook:
 * the rounding of u = 1 + x is undone by the factor x / (u - 1)). log1p(-1) = -Infinity, below that NaN.
 */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1) return x;
  if (u === Infinity || !(u > 0)) return log(u);
  return (log(u) * x) / (u - 1);
}
