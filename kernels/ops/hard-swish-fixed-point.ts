import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import { quantiseMultiplier, roundingDivideByPowerOfTwo } from './fixed-point.ts';
import type { TensorQuantisation } from './prepare-context.ts';

/** A factor as 16-bit multiplier × 2^(exponent − 15). */
interface Factor16 {
  readonly multiplier: number;
  readonly exponent: number;
}

export interface HardSwishParameters {
  readonly inputZeroPoint: number;
  readonly outputZeroPoint: number;
  /** From the input lifted by 7 bits to the output; exponent ≤ 0. */
  readonly output: Factor16;
  /** From the input lifted by 7 bits to the gate, on which 3.0 is 2^15. */
  readonly gate: Factor16;
}

const INT16_MAX = 32767;
const INT16_MIN = -32768;
/** Bits that a difference of int8 values is lifted by, to fill 16. */
const LIFT = 128;
const GATE_SCALE = Math.fround(3 / 32768);
/** A gate that is lifted further than its 16 bits is only a sign. */
const GATE_EXPONENT_MAX = 31;

/** Parameters as TFLite's `HardSwishPrepare` computes them, in float32; null where it refuses the scales. */
export function hardSwishParameters(from: TensorQuantisation, to: TensorQuantisation): HardSwishParameters | null {
  const lifted = Math.fround(from.scale / LIFT);
  const output = factor16(Math.fround(lifted / to.scale));
  const gate = factor16(Math.fround(lifted / GATE_SCALE));
  if (output.exponent > 0 || gate.exponent > GATE_EXPONENT_MAX) return null;
  return { inputZeroPoint: from.zeroPoint, outputZeroPoint: to.zeroPoint, output, gate };
}

function factor16(factor: number): Factor16 {
  const { multiplier, shift } = quantiseMultiplier(factor);
  return { multiplier: Math.min(INT16_MAX, Math.floor((multiplier + 32768) / 65536)), exponent: shift };
}

/** 16-bit fixed point all the way (kernels/internal/reference/hard_swish.h). */
export function hardSwishInt8(q: number, parameters: HardSwishParameters): number {
  const lifted = (q - parameters.inputZeroPoint) * LIFT;
  const onOutput = roundingHighMul16(lifted, parameters.output.multiplier);
  const preshift = truncatingHighMul16(gateOf(lifted, parameters.gate), onOutput);
  const value = roundingDivideByPowerOfTwo(preshift, -parameters.output.exponent) + parameters.outputZeroPoint;
  return Math.max(-128, Math.min(127, value));
}

/** (x / 3 + 1) / 2 within [0, 1], in 1/2^15. A left shift keeps its last bit for after the multiplication. */
function gateOf(lifted: number, { multiplier, exponent }: Factor16): number {
  let gate = lifted;
  if (exponent > 0) gate = saturate16(scaleByPowerOfTwo(gate, exponent - 1));
  gate = roundingHighMul16(gate, multiplier);
  if (exponent > 0) gate = saturate16(gate * 2);
  if (exponent < 0) gate = roundingDivideByPowerOfTwo(gate, -exponent);
  return (gate + 32768) >> 1;
}

function saturate16(value: number): number {
  return Math.max(INT16_MIN, Math.min(INT16_MAX, value));
}

/** Upper half of 2ab, rounded half up and saturated. */
function roundingHighMul16(a: number, b: number): number {
  return Math.min(INT16_MAX, (a * b + 16384) >> 15);
}

/** Upper half of 2ab, rounded towards zero. */
function truncatingHighMul16(a: number, b: number): number {
  return Math.trunc((a * b) / 32768);
}
