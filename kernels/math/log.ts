import { scaleByPowerOfTwo } from './scale-by-power-of-two.ts';

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT_HALF = Math.sqrt(0.5);
const SQRT_TWO = Math.sqrt(2);
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** Steps of the exponent search: 2^512 ... 2^1; their sum, 1023, reaches every normal exponent. */
const STEPS = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1] as const;
const POWERS = STEPS.map((n) => scaleByPowerOfTwo(1, n));
const INVERSE_POWERS = STEPS.map((n) => scaleByPowerOfTwo(1, -n));

/**
 * Natural logarithm, the same bits on every machine; error below 1 ulp (fdlibm `e_log.c`: x = 2^k (1+f) with
 * sqrt(1/2) <= 1+f < sqrt(2), then a Remez polynomial in s = f/(2+f)).
 * log(0) = -Infinity, log(negative) = NaN, log(Infinity) = Infinity.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let k = 0;
  let m = x;
  if (m < SMALLEST_NORMAL) {
    m *= 18014398509481984; // 2^54 lifts a subnormal into the normal range, exactly
    k = -54;
  }
  if (m >= SQRT_TWO) {
    for (let i = 0; i < STEPS.length; i += 1) {
      const lowered = m * INVERSE_POWERS[i]!;
      if (lowered >= SQRT_HALF) {
        m = lowered;
        k += STEPS[i]!;
      }
    }
  } else if (m < SQRT_HALF) {
    for (let i = 0; i < STEPS.length; i += 1) {
      const raised = m * POWERS[i]!;
      if (raised < SQRT_TWO) {
        m = raised;
        k -= STEPS[i]!;
      }
    }
  }
  return logOfScaled(m - 1, k);
}

/** k ln 2 + log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)). */
function logOfScaled(f: number, k: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + even + odd) + k * LN2_LOW) - f);
}
