import { malformed } from '../errors.ts';
import type { Quantisation, Tensor } from './model.ts';
import { zeroPointRange } from './tensor-type.ts';

/** Scales are finite and positive, zero points fit the type, and there is one of each per tensor or per slice. */
export function verifyQuantisation(quantisation: Quantisation, tensor: Tensor, what: () => string): void {
  const { scale, zeroPoint } = quantisation;
  verifySlices(quantisation, tensor, what);
  if (zeroPoint.length !== scale.length)
    malformed(`${what()} has ${scale.length} scales but ${zeroPoint.length} zero points`);
  const [lowest, highest] = zeroPointRange(tensor.type);
  for (let index = 0; index < scale.length; index++) {
    const value = scale[index]!;
    const zero = zeroPoint[index]!;
    if (value > 0 && value < Infinity && zero >= lowest && zero <= highest) continue;
    if (!(value > 0 && value < Infinity)) malformed(`${what()} has the scale ${value}`);
    malformed(`${what()} has the zero point ${zero}`);
  }
}

/**
 * Which slices the scales belong to. Where it cannot matter, a dimension that is none is let pass: with one scale, and
 * along a vector with a scale per value. Converters of 2019 wrote the weights' dimension into their biases
 * (person_detect.tflite: 3 for a bias of one dimension), and TFLite Micro never looked.
 */
function verifySlices({ scale, quantizedDimension }: Quantisation, { shape }: Tensor, what: () => string): void {
  if (scale.length <= 1) return;
  if (shape.length === 1 && scale.length === shape[0]) return;
  const slices = shape[quantizedDimension];
  if (slices === undefined)
    malformed(`${what()} is quantised along dimension ${quantizedDimension} of ${shape.length}`);
  if (scale.length !== slices) malformed(`${what()} has ${scale.length} scales for ${slices} slices`);
}
