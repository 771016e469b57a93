import { quarterOf, reduceQuarterTurns } from './reduce-quarter-turns.ts';
import { kernelCos, kernelSin } from './sine-kernels.ts';

/** Sine of x radians, |x| <= ANGLE_MAX (1.6e6), the same bits on every machine; error below 1 ulp (fdlibm). */
export function sin(x: number): number {
  const n = quarterOf(x);
  const y = reduceQuarterTurns(x, n, (n & 1) === 0 ? kernelSin : kernelCos);
  return (n & 2) === 0 ? y : -y;
}
