import type { ProductFrame } from './mul-reference.ts';

/** 1.5 × 2^52: added and taken away again, it leaves no fraction, ties to even. */
const ROUNDER = 6755399441055744;

/**
 * A run of int8 products as XNNPACK's qs8-vmul: rne(float32(product) × scale), clamped before it is rounded, which is
 * the same. A function of its own so that V8 compiles it once for all layers.
 *
 * @param a first element of the operand, of which `aStep` is 1 or 0; `b` likewise
 */
export function mulRun(
  memory: Int8Array,
  scale: number,
  frame: ProductFrame,
  a: number,
  aStep: number,
  b: number,
  bStep: number,
  out: number,
  count: number,
): void {
  const { aZeroPoint, bZeroPoint, outputZeroPoint } = frame;
  const lowest = frame.activationMin - outputZeroPoint;
  const highest = frame.activationMax - outputZeroPoint;
  const end = (out + count) | 0;
  let first = a | 0;
  let second = b | 0;
  for (let to = out | 0; to < end; to++) {
    const product = Math.imul(memory[first]! - aZeroPoint, memory[second]! - bZeroPoint);
    const scaled = Math.fround(product * scale);
    first = (first + aStep) | 0;
    second = (second + bStep) | 0;
    const value = scaled < lowest ? lowest : scaled > highest ? highest : scaled;
    memory[to] = value + ROUNDER - ROUNDER + outputZeroPoint;
  }
}
