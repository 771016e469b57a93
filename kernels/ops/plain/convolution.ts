import { type ConvolutionGeometry, Padding } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { weightTensor } from '../weights.ts';
import { preparePlainLayer } from './layer.ts';
import { ForwardTaps, TransposedTaps } from './taps.ts';

/** Plain CONV_2D, also grouped: int8 × int8 or int4, int16 × int8, float32. */
export function preparePlainConvolution(context: PrepareContext, geometry: ConvolutionGeometry): PreparedOperator {
  return preparePlainLayer(context, {
    geometry,
    taps: new ForwardTaps(geometry),
    input: context.activation(0),
    weights: weightTensor(context),
    biasPosition: 2,
    output: context.output(),
    channelDimension: 0,
    singleProduct: false,
    numerics: context.numerics,
  });
}

/**
 * Plain DEPTHWISE_CONV_2D, of the same types; its filter lies differently. Without a bias TFLite runs its own kernel
 * instead of XNNPACK's, with two-stage rounding, whatever the numerics.
 */
export function preparePlainDepthwise(context: PrepareContext, geometry: ConvolutionGeometry): PreparedOperator {
  return preparePlainLayer(context, {
    geometry,
    taps: new ForwardTaps(geometry),
    input: context.activation(0),
    weights: weightTensor(context),
    biasPosition: 2,
    output: context.output(),
    channelDimension: 3,
    singleProduct: false,
    numerics: context.input(2) === null ? 'reference' : context.numerics,
  });
}

/**
 * Plain TRANSPOSE_CONV, of the same types. XNNPACK takes it when all weights share one scale and SAME padding leaves no
 * gaps between filter positions; else TFLite runs its own kernel, with two-stage rounding.
 */
export function preparePlainTransposed(context: PrepareContext, geometry: ConvolutionGeometry): PreparedOperator {
  const weights = weightTensor(context);
  const { filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const gaps = filterHeight < strideHeight || filterWidth < strideWidth;
  const own = weights.tensor.quantisation?.scale.length !== 1 || (gaps && context.option('padding') === Padding.same);
  return preparePlainLayer(context, {
    geometry,
    taps: new TransposedTaps(geometry),
    input: context.activation(2),
    weights,
    biasPosition: 3,
    output: context.output(),
    channelDimension: 0,
    singleProduct: false,
    numerics: own ? 'reference' : context.numerics,
  });
}
