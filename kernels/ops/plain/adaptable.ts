import type { AdapterPoint } from '../../adapter-point.ts';
import { WideLayout } from '../../wide-layout.ts';
import { activationRange } from '../activation.ts';
import type { ConvolutionLayer } from '../compiled/convolution-layer.ts';
import { offsetTable, windowOffsets } from '../compiled/offsets.ts';
import { segmentsOf, segmentTable } from '../compiled/segments.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext, TensorQuantisation } from '../prepare-context.ts';
import { type AdaptedLayer, PlainAdapterRow } from './adapter-row.ts';
import { integerBias } from './bias.ts';
import { FloatRequantiser } from './requantise.ts';

/**
 * Plain twin of the compiled dense layer and convolution, int8 in fp32-rne, with an adapter point: what runs where
 * there is no SIMD. Like them it reads its input as int16 without the zero point, with zeros around each image for
 * padding.
 */
export function preparePlainAdaptable(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { engine } = context;
  const { geometry, input, output, weights, weightScale } = layer;
  const { outputChannels } = geometry;
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  const unit = weightScale.map((scale) => from.scale * scale);
  const [activationMin, activationMax] = activationRange(context, to);
  const range = { zeroPoint: to.zeroPoint, activationMin, activationMax };
  const requantiser = new FloatRequantiser(factors(context, unit, to), range);
  const start = integerBias(context, outputChannels, 2, null).bias;
  const { count: runCount, length: runLength } = segmentsOf(geometry);
  const inFeatures = runCount * runLength;
  const adapted: AdaptedLayer = { inFeatures, outFeatures: outputChannels, inputScale: from.scale, unit, start };
  const row = new PlainAdapterRow(engine, adapted);
  const layout = layoutOf(layer);
  const wide = context.scratch(layout.bytes);
  const rows = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    bind: (addresses) => {
      const source = addresses.tensor(input.index);
      const target = addresses.tensor(output.index);
      const home = addresses.scratch(wide);
      const { int8, int16, int32 } = engine;
      const windows = {
        input: home + layout.originBytes,
        rows: offsetTable(context, rows, windowOffsets(geometry, layout)),
        runs: segmentTable(context, geometry, layout),
        ...{ runCount, runLength },
      };
      const firstOf = (pixel: number): number => (windows.input + int32[windows.rows / 4 + pixel]!) / 2;
      const adapterPoint: AdapterPoint = {
        ...{ operator: context.index, geometry, rows, inFeatures, outFeatures: outputChannels },
        ...{ inputScale: from.scale, weightScale, outputScale: to.scale, outputZeroPoint: to.zeroPoint },
        ...{ activationMin, activationMax, weights, windows, outputOffset: 0 },
        input: int16.subarray(firstOf(0), (home + layout.bytes) / 2),
        inputIndex: (pixel) => firstOf(pixel) - firstOf(0),
        output: int8.subarray(target, target + output.elements),
        outputIndex: (pixel) => pixel * outputChannels,
      };
      return {
        adapterPoint,
        eval(adapters, ordinal) {
          widen(int8, source, int16, home / 2, layout, from.zeroPoint);
          const active = adapters !== null && adapters.addresses[ordinal]!.loraA !== 0 ? adapters : null;
          for (let pixel = 0; pixel < rows; pixel++) {
            const x = firstOf(pixel);
            if (active !== null) row.adjust(x, windows, active, ordinal);
            const sums = active === null ? start : row.adjusted;
            for (let channel = 0; channel < outputChannels; channel++) {
              let sum = sums[channel]!;
              let w = channel * inFeatures;
              for (let run = 0; run < runCount; run++) {
                const first = x + int32[windows.runs / 4 + run]! / 2;
                for (let i = 0; i < runLength; i++, w++) sum += weights[w]! * int16[first + i]!;
              }
              int8[target + pixel * outputChannels + channel] = requantiser.apply(sum, channel);
            }
          }
        },
      };
    },
  };
}

/** Images as the geometry sees them: rows of a dense layer are pixels. */
function layoutOf({ geometry, input }: ConvolutionLayer): WideLayout {
  const { batch, inputHeight, inputWidth, inputChannels } = geometry;
  const { padTop: top, padLeft: left, padBottom: bottom, padRight: right } = geometry;
  const tensor = { ...input.tensor, shape: [batch, inputHeight, inputWidth, inputChannels] };
  return WideLayout.of(tensor, { top, left, bottom, right });
}

function widen(
  from: Int8Array,
  source: number,
  to: Int16Array,
  target: number,
  layout: WideLayout,
  zeroPoint: number,
): void {
  const { batch, height, width, channels, imageBytes, rowBytes, originBytes } = layout;
  to.fill(0, target, target + layout.bytes / 2);
  let at = source;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < height; y++) {
      const row = target + (originBytes + image * imageBytes + y * rowBytes) / 2;
      for (let i = 0; i < width * channels; i++, at++) to[row + i] = from[at]! - zeroPoint;
    }
  }
}

/** Float32 factors from accumulator units to output steps. */
function factors(context: PrepareContext, unit: Float32Array, to: TensorQuantisation): Float32Array {
  return unit.map((product, channel) => {
    const factor = Math.fround(product / to.scale);
    if (product > 0 && factor > 0 && factor < Infinity) return factor;
    return context.refuse(`has scales whose product leaves float32 in channel ${channel}`);
  });
}
