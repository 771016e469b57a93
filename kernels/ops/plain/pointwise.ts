import type { AdapterPoint } from '../../adapter-point.ts';
import { activationRange } from '../activation.ts';
import type { ConvolutionLayer } from '../compiled/convolution-layer.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext, TensorQuantisation } from '../prepare-context.ts';
import { type AdaptedLayer, PlainAdapterRow } from './adapter-row.ts';
import { integerBias } from './bias.ts';
import { FloatRequantiser } from './requantise.ts';

/**
 * Plain twin of the compiled dense layer and pointwise convolution, int8 in fp32-rne, with an adapter point: what runs
 * where there is no SIMD.
 */
export function preparePlainPointwise(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { engine } = context;
  const { geometry, input, output, weights, weightScale } = layer;
  const { inputChannels, outputChannels } = geometry;
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  const unit = weightScale.map((scale) => from.scale * scale);
  const [activationMin, activationMax] = activationRange(context, to);
  const range = { zeroPoint: to.zeroPoint, activationMin, activationMax };
  const requantiser = new FloatRequantiser(factors(context, unit, to), range);
  const start = integerBias(context, outputChannels, 2, null).bias;
  const adapted: AdaptedLayer = {
    inFeatures: inputChannels,
    outFeatures: outputChannels,
    inputScale: from.scale,
    unit,
    start,
  };
  const row = new PlainAdapterRow(engine, adapted);
  const wide = context.scratch(input.elements * 2);
  const rows = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    bind: (addresses) => {
      const source = addresses.tensor(input.index);
      const target = addresses.tensor(output.index);
      const first = addresses.scratch(wide) / 2;
      const { int8, int16 } = engine;
      const inputIndex = (pixel: number): number => pixelOf(geometry, pixel) * inputChannels;
      const adapterPoint: AdapterPoint = {
        ...{ operator: context.index, rows, inFeatures: inputChannels, outFeatures: outputChannels },
        ...{ inputScale: from.scale, weightScale, outputScale: to.scale, outputZeroPoint: to.zeroPoint },
        ...{ activationMin, activationMax, weights, inputIndex, outputOffset: 0 },
        input: int16.subarray(first, first + input.elements),
        output: int8.subarray(target, target + output.elements),
        outputIndex: (pixel) => pixel * outputChannels,
      };
      return {
        adapterPoint,
        eval(adapters, ordinal) {
          for (let i = 0; i < input.elements; i++) int16[first + i] = int8[source + i]! - from.zeroPoint;
          const active = adapters !== null && adapters.addresses[ordinal]!.loraA !== 0 ? adapters : null;
          for (let pixel = 0; pixel < rows; pixel++) {
            const x = first + inputIndex(pixel);
            if (active !== null) row.adjust(x, active, ordinal);
            const sums = active === null ? start : row.adjusted;
            for (let channel = 0; channel < outputChannels; channel++) {
              let sum = sums[channel]!;
              const w = channel * inputChannels;
              for (let i = 0; i < inputChannels; i++) sum += weights[w + i]! * int16[x + i]!;
              int8[target + pixel * outputChannels + channel] = requantiser.apply(sum, channel);
            }
          }
        },
      };
    },
  };
}

/** Float32 factors from accumulator units to output steps. */
function factors(context: PrepareContext, unit: Float32Array, to: TensorQuantisation): Float32Array {
  return unit.map((product, channel) => {
    const factor = Math.fround(product / to.scale);
    if (product > 0 && factor > 0 && factor < Infinity) return factor;
    return context.refuse(`has scales whose product leaves float32 in channel ${channel}`);
  });
}

/** Number of the input pixel that an output pixel of a 1×1 filter reads. */
function pixelOf(geometry: ConvolutionGeometry, pixel: number): number {
  const { outputHeight, outputWidth, inputHeight, inputWidth, strideHeight, strideWidth } = geometry;
  const line = Math.floor(pixel / outputWidth);
  const y = Math.floor(line / outputHeight) * inputHeight + (line % outputHeight) * strideHeight;
  return y * inputWidth + (pixel % outputWidth) * strideWidth;
}
