import {
  INPUT_OFFSETS,
  KIND_DEPTHWISE,
  OUT_CHANNELS,
  OUT_STRIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PIXELS,
  SCALE,
  START,
  TAP_OFFSETS,
  TAP_PAIRS,
} from '../../wasm/assembly/records.ts';
import type { WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { placeLayer, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, tilePixels, windowOffsets } from './offsets.ts';

/** Channels of a block. */
const BLOCK = 8;

/**
 * DEPTHWISE_CONV_2D on the compiled kernels. With a depth multiplier of M it is M convolutions, the m-th of which
 * writes every M-th channel.
 */
export function prepareCompiledDepthwise(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const { inputChannels, depthMultiplier, padTop, padLeft, padBottom, padRight } = geometry;
  const places = Math.ceil(inputChannels / BLOCK) * BLOCK;
  const placeOf = (channel: number): number =>
    (channel % depthMultiplier) * places + Math.floor(channel / depthMultiplier);
  const pairs = (geometry.filterHeight * geometry.filterWidth + 1) >> 1;
  const packed = packTaps(context, layer, pairs, places, placeOf);
  const compiled = placeLayer(
    context,
    { input, output },
    weightScale,
    geometry.filterHeight * geometry.filterWidth,
    places * depthMultiplier,
    placeOf,
  );
  const pixels = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const border = { top: padTop, left: padLeft, bottom: padBottom, right: padRight };
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: false,
    wide: { inputs: [{ tensor: input.index, border, flat: false }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const fromOffsets = offsetTable(context, pixels, windowOffsets(geometry, from.layout!));
      const toOffsets = offsetTable(context, pixels, outputOffsets(to, geometry.outputChannels));
      const taps = tapOffsets(context, geometry, from.layout!);
      const records = Array.from({ length: depthMultiplier }, (_, m) => ({
        kind: KIND_DEPTHWISE,
        write: (record: Parameters<typeof writeLayer>[0]) => {
          writeLayer(record, compiled, packed + m * places * pairs * 4, from, to)
            .int(START, compiled.start + m * places * 4)
            .int(SCALE, compiled.scale + m * places * 4)
            .int(OUTPUT, to.address + m * (to.layout === null ? 1 : 2))
            .int(OUT_CHANNELS, inputChannels)
            .int(OUT_STRIDE, depthMultiplier)
            .int(PIXELS, tilePixels(pixels))
            .int(INPUT_OFFSETS, fromOffsets)
            .int(OUTPUT_OFFSETS, toOffsets)
            .int(TAP_OFFSETS, taps)
            .int(TAP_PAIRS, pairs);
        },
      }));
      return { adapterPoint: null, records };
    },
  };
}

/** Weights [height × width × channels] as blocks of eight channels, each channel at its place. */
function packTaps(
  context: PrepareContext,
  { geometry, weights }: ConvolutionLayer,
  pairs: number,
  places: number,
  placeOf: (channel: number) => number,
): number {
  const { outputChannels, filterHeight, filterWidth, depthMultiplier, inputChannels } = geometry;
  const packed = context.persistent(places * depthMultiplier * pairs * 4);
  const table = context.sharedInts(`places ${[inputChannels, depthMultiplier]}`, () =>
    Int32Array.from({ length: outputChannels }, (_, channel) => placeOf(channel)),
  );
  context.withWeights(weights, (source, kernels) =>
    kernels.packTaps(source, packed, table, outputChannels, filterHeight * filterWidth),
  );
  return packed;
}

/** Byte offsets of the taps, the last one repeated when their number is odd. */
function tapOffsets(context: PrepareContext, geometry: ConvolutionGeometry, layout: WideLayout): number {
  const { filterHeight, filterWidth, dilationHeight, dilationWidth } = geometry;
  const { rowBytes, pixelBytes } = layout;
  const key = `taps ${[filterHeight, filterWidth, dilationHeight, dilationWidth, rowBytes, pixelBytes]}`;
  const taps = filterHeight * filterWidth;
  return context.sharedInts(key, () =>
    Int32Array.from({ length: taps + (taps & 1) }, (_, index) => {
      const tap = Math.min(index, taps - 1);
      const column = tap % filterWidth;
      return ((tap - column) / filterWidth) * dilationHeight * rowBytes + column * dilationWidth * pixelBytes;
    }),
  );
}
