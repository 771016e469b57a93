import { exp } from '../math/exp.ts';
import { tanh } from '../math/tanh.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import { ClampMask } from './clamp-mask.ts';
import type { GradientRule, RuleMaker } from './rule.ts';

/** Slope of a function at the real value x. */
type Slope = (x: number, context: PrepareContext) => number;

/** The output's scale holds all that the function can be: where it ends, the function is flat anyway. */
const BOUNDED = true;

const between = (low: number, high: number): Slope => {
  return (x) => (x > low && x < high ? 1 : 0);
};

/** The number format alone clamps: what the function itself does has a slope of 0 already. */
const FORMAT = { zeroPoint: 0, isFused: false, min: -128, max: 127 };

/** y = f(x) value by value, int8 to int8: slopes are looked up by the input's 256 values. */
const elementwise = (slope: Slope, isBounded = false): RuleMaker => {
  return (context) => elementwiseRule(context, slope, isBounded);
};

export const reluRule = elementwise(between(0, Infinity));
export const relu6Rule = elementwise(between(0, 6));
export const reluN1To1Rule = elementwise(between(-1, 1));
export const leakyReluRule = elementwise((x, context) => (x < 0 ? context.option('alpha') : 1));
/** x × relu6(x + 3) / 6 */
export const hardSwishRule = elementwise((x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6));
export const logisticRule = elementwise((x) => {
  const y = 1 / (1 + exp(-x));
  return y * (1 - y);
}, BOUNDED);
export const tanhRule = elementwise((x) => {
  const y = tanh(x);
  return 1 - y * y;
}, BOUNDED);
/** QUANTIZE, from one scale to another. */
export const quantizeRule = elementwise(() => 1);

function elementwiseRule(context: PrepareContext, slope: Slope, isBounded: boolean): GradientRule | null {
  const { float32 } = context.engine;
  const [input, output] = [context.activation(0), context.output()];
  if (!context.isInt8(input, output)) return null;
  const { scale, zeroPoint } = context.quantisation(input);
  const slopes = Float32Array.from({ length: 256 }, (_, index) => slope(scale * (index - 128 - zeroPoint), context));
  return {
    inputs: [0],
    scratchBytes: () => 0,
    lastingBytes: () => 0,
    bind: (places) => {
      const from = places.stored(input.index);
      const mask = new ClampMask(places.stored(output.index), FORMAT);
      return () => {
        if (!isBounded) mask.apply(float32, places.output);
        let at = 0;
        for (let run = 0; run < from.runs; run++) {
          const first = from.start(run);
          for (let i = 0; i < from.length; i++, at++) {
            const local = slopes[from.values[first + i]! + from.offset + 128]!;
            float32[places.inputs[0]! + at]! += Math.fround(float32[places.output + at]! * local);
          }
        }
      };
    },
  };
}
