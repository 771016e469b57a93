import { roundHalfEven } from '../../math/round-half-even.ts';
import { multiplyByMultiplier, multiplyWideByMultiplier } from '../fixed-point.ts';

/** Turns the sum of one output channel into its quantised output. */
export interface Requantiser {
  apply(sum: number, channel: number): number;
}

/** Where outputs lie: values of the output's type. */
export interface OutputRange {
  readonly zeroPoint: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

/** Multiplier and shift of each channel, as `quantiseMultiplier` makes them. */
export interface ChannelMultipliers {
  readonly multipliers: Int32Array;
  readonly shifts: Int32Array;
}

/** `fp32-rne`: rne(float32(sum) × scale), as XNNPACK. */
export class FloatRequantiser implements Requantiser {
  private readonly lowest: number;
  private readonly highest: number;

  constructor(
    private readonly scales: Float32Array,
    private readonly range: OutputRange,
  ) {
    this.lowest = range.activationMin - range.zeroPoint;
    this.highest = range.activationMax - range.zeroPoint;
  }

  apply(sum: number, channel: number): number {
    const scaled = Math.fround(Math.fround(sum | 0) * this.scales[channel]!);
    return roundHalfEven(Math.max(this.lowest, Math.min(this.highest, scaled))) + this.range.zeroPoint;
  }
}

/** `reference`, from an int32 sum: two stages of integer rounding. */
export class TwoStageRequantiser implements Requantiser {
  constructor(
    private readonly channels: ChannelMultipliers,
    private readonly range: OutputRange,
  ) {}

  apply(sum: number, channel: number): number {
    const { multipliers, shifts } = this.channels;
    const value = multiplyByMultiplier(sum | 0, multipliers[channel]!, shifts[channel]!) + this.range.zeroPoint;
    return Math.max(this.range.activationMin, Math.min(this.range.activationMax, value));
  }
}

/** int16 activations, from an int64 sum: one rounding with a 15-bit multiplier, whatever the numerics. */
export class WideRequantiser implements Requantiser {
  constructor(
    private readonly channels: ChannelMultipliers,
    private readonly range: OutputRange,
  ) {}

  apply(sum: number, channel: number): number {
    const { multipliers, shifts } = this.channels;
    const value = multiplyWideByMultiplier(sum, multipliers[channel]!, shifts[channel]!) + this.range.zeroPoint;
    return Math.max(this.range.activationMin, Math.min(this.range.activationMax, value));
  }
}
