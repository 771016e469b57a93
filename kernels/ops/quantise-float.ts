import { roundHalfAway } from '../math/round-half-away.ts';
import { roundHalfEven } from '../math/round-half-even.ts';
import type { IntegerMemory } from './integer-memory.ts';
import type { TensorQuantisation } from './prepare-context.ts';

/**
 * rne(x × (1 / scale)) + zeroPoint in float32, as XNNPACK's f32-qs8-vcvt and f32-qu8-vcvt; NaN becomes the zero point.
 *
 * @param from first element in `source`, `to` in `target`
 */
export function quantiseEven(
  source: Float32Array,
  from: number,
  target: IntegerMemory,
  to: number,
  count: number,
  { scale, zeroPoint }: TensorQuantisation,
  [lowest, highest]: readonly [number, number],
): void {
  const inverse = Math.fround(1 / scale);
  for (let i = 0; i < count; i++) {
    const scaled = Math.fround(source[from + i]! * inverse);
    const clamped = Math.max(lowest - zeroPoint, Math.min(highest - zeroPoint, scaled));
    target[to + i] = Number.isNaN(scaled) ? zeroPoint : roundHalfEven(clamped) + zeroPoint;
  }
}

/**
 * x / scale in double precision, rounded half away from zero, as TFLite's `AffineQuantize`; NaN becomes the zero point.
 */
export function quantiseAway(
  source: Float32Array,
  from: number,
  target: IntegerMemory,
  to: number,
  count: number,
  { scale, zeroPoint }: TensorQuantisation,
  [lowest, highest]: readonly [number, number],
): void {
  for (let i = 0; i < count; i++) {
    const scaled = source[from + i]! / scale;
    const clamped = Math.max(lowest - zeroPoint, Math.min(highest - zeroPoint, scaled));
    target[to + i] = Number.isNaN(scaled) ? zeroPoint : roundHalfAway(clamped) + zeroPoint;
  }
}
