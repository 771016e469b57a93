import { exp } from '../math/exp.ts';
import { roundHalfAway } from '../math/round-half-away.ts';
import { exactLog2 } from './exact-log2.ts';

/** How an int16 input becomes an argument of the table, in 1/(3 × 4096): (q × multiplier + half) >> shift. */
export interface SigmoidInput {
  readonly multiplier: number;
  readonly shift: number;
}

/** Scale at which an input needs no multiplier but the 3 of the table: 2^-12 reaches ±8. */
const UNIT_LOG2 = -12;
const ARGUMENTS_PER_UNIT = 3 * 4096;
const MULTIPLIER_MAX = 32767;
const SHIFT_MAX = 31;

/**
 * The input factor as TFLite's `TanhPrepare` and `SigmoidPrepare` find it: truncated to 15 bits, exact for the powers
 * of two 2^-12 to 2^(-12 + exactShiftMax).
 *
 * @returns null for a scale so large that products would leave int32
 */
export function sigmoidInput(scale: number, exactShiftMax: number): SigmoidInput | null {
  const lift = exactLift(scale, exactShiftMax);
  if (lift !== null) return { multiplier: 3 << lift, shift: 0 };
  let multiplier = scale * ARGUMENTS_PER_UNIT;
  if (!(multiplier <= MULTIPLIER_MAX)) return null;
  let shift = 0;
  while (multiplier <= MULTIPLIER_MAX / 2 && shift < SHIFT_MAX) {
    multiplier *= 2;
    shift++;
  }
  return { multiplier: Math.floor(multiplier), shift };
}

/** Bits by which an input of this scale must be shifted to reach 2^-12, at most `shiftMax`; null for other scales. */
export function exactLift(scale: number, shiftMax: number): number | null {
  const log2 = exactLog2(scale);
  if (log2 === null || log2 < UNIT_LOG2 || log2 > UNIT_LOG2 + shiftMax) return null;
  return log2 - UNIT_LOG2;
}

/**
 * 1 / (1 + e^(−i/24)) in 1/65536, i = 0 … 255, each raised by half of what the straight line to the next one misses in
 * its middle, the last one 1: the values of `sigmoid_table_uint16` (kernels/internal/common.h), which came without a
 * formula.
 */
export function sigmoidTable(): Uint16Array {
  const sigmoid = (index: number) => 65536 / (1 + exp(-index / 24));
  return Uint16Array.from({ length: 256 }, (_, index) => {
    if (index === 255) return 65535;
    const missed = sigmoid(index + 0.5) - (sigmoid(index) + sigmoid(index + 1)) / 2;
    return roundHalfAway(sigmoid(index) + missed / 2);
  });
}

/** LOGISTIC of an int16 value in 1/32768 (kernels/internal/reference/integer_ops/logistic.h), 9 bits interpolated. */
export function logisticInt16(q: number, input: SigmoidInput, table: Uint16Array): number {
  const argument = argumentOf(q, input);
  const size = Math.abs(argument);
  const index = size >> 9;
  const magnitude = index >= 255 ? 0x7fff << 10 : interpolate(table, index, size & 511, 9);
  return (argument >= 0 ? magnitude + 512 : (1 << 25) - magnitude + 511) >> 10;
}

/** TANH of an int16 value in 1/32768 as 2 sigmoid(2x) − 1 (…/integer_ops/tanh.h), 8 bits interpolated. */
export function tanhInt16(q: number, input: SigmoidInput, table: Uint16Array): number {
  const argument = argumentOf(q, input);
  const size = Math.abs(argument);
  const index = size >> 8;
  const magnitude = index >= 255 ? 0xffff << 8 : interpolate(table, index, size & 255, 8);
  return (argument >= 0 ? magnitude - (1 << 23) + 128 : (1 << 23) - magnitude + 127) >> 8;
}

function argumentOf(q: number, { multiplier, shift }: SigmoidInput): number {
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  return (q * multiplier + half) >> shift;
}

function interpolate(table: Uint16Array, index: number, rest: number, bits: number): number {
  const low = table[index]!;
  return (low << bits) + rest * (table[index + 1]! - low);
}
