import { denseGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { weightTensor } from '../weights.ts';
import { preparePlainLayer } from './layer.ts';
import { ForwardTaps } from './taps.ts';

/** Plain FULLY_CONNECTED, int8 × int8 or int4, int16 × int8, float32: a convolution of 1×1 over its rows. */
export function preparePlainFullyConnected(context: PrepareContext): PreparedOperator {
  const input = context.activation(0);
  const output = context.output();
  const weights = weightTensor(context);
  const refuse = context.refuse.bind(context);
  const geometry = denseGeometry(weights.tensor.shape, input.elements, output.elements, refuse);
  return preparePlainLayer(context, {
    geometry,
    taps: new ForwardTaps(geometry),
    input,
    weights,
    biasPosition: 2,
    output,
    channelDimension: 0,
    singleProduct: true,
    numerics: context.numerics,
  });
}
