import { roundHalfAway } from '../math/round-half-away.ts';

const SEGMENTS = 512;

/**
 * A function of the int16 range as 513 points in 1/32768 for straight lines between them, each point moved by half of
 * the error in the middle of its segment (kernels/internal/common.h, `gen_lut`).
 *
 * @param value function of a double, its range within ±1
 * @param lowest argument that −32768 stands for; `highest` is the one after 32767
 */
export function int16Table(value: (x: number) => number, lowest: number, highest: number): Int16Array {
  const step = (highest - lowest) / SEGMENTS;
  const scaled = (x: number) => value(x) * 32768;
  return Int16Array.from({ length: SEGMENTS + 1 }, (_, index) => {
    const x = lowest + index * step;
    const point = roundHalfAway(scaled(x));
    if (index === SEGMENTS) return clamp(roundHalfAway(scaled(highest)));
    const line = roundHalfAway((scaled(lowest + (index + 1) * step) + point) / 2);
    const middle = roundHalfAway(scaled(x + step / 2));
    return clamp(point - roundHalfAway((line - middle) / 2));
  });
}

function clamp(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

/** The function at `q`, −32768 to 32767, in 1/32768. */
export function lookUpInt16(table: Int16Array, q: number): number {
  const index = 256 + (q >> 7);
  const base = table[index]!;
  return base + (((table[index + 1]! - base) * (q & 127) + 64) >> 7);
}
