import {
  DEPTH_MULTIPLIER,
  INPUT_OFFSETS,
  KIND_DEPTHWISE,
  OUT_CHANNELS,
  OUTPUT_OFFSETS,
  PATTERNS,
  PIXELS,
  TAP_OFFSETS,
  TAP_PAIRS,
} from '../../wasm/assembly/records.ts';
import type { RecordWriter } from '../../wasm/record-writer.ts';
import type { WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { type CompiledLayer, placeLayer, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, type PixelOffsets, tilePixels, windowOffsets } from './offsets.ts';
import { groupOf, groupOffsets } from './pixel-groups.ts';

/** Channels of a block. */
const BLOCK = 8;

/** DEPTHWISE_CONV_2D on the compiled kernels. */
export function prepareCompiledDepthwise(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const { outputWidth, outputChannels, depthMultiplier, padTop, padLeft, padBottom, padRight } = geometry;
  const group = groupOf(outputWidth, geometry.strideWidth, outputChannels);
  const channels = group * outputChannels;
  const places = Math.ceil(channels / BLOCK) * BLOCK;
  const taps = geometry.filterHeight * geometry.filterWidth;
  const pairs = (taps + 1) >> 1;
  const packed = packTaps(context, layer, group, places * pairs * 4);
  const compiled = placeLayer(context, { input, output }, weightScale, taps, places);
  repeatLayer(context, compiled, group);
  const pixels = geometry.batch * geometry.outputHeight * Math.ceil(outputWidth / group);
  const border = { top: padTop, left: padLeft, bottom: padBottom, right: padRight };
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: false,
    wide: { inputs: [{ tensor: input.index, border, flat: false }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const tableOf = (places: PixelOffsets): number =>
        offsetTable(context, pixels, groupOffsets(places, outputWidth, group));
      const inputTable = tableOf(windowOffsets(geometry, from.layout!));
      const outputTable = tableOf(outputOffsets(to, outputChannels));
      const tapTable = tapOffsets(context, geometry, from.layout!);
      const patterns = depthMultiplier > 1 ? patternTable(context, depthMultiplier, places) : 0;
      const write = (record: RecordWriter): void => {
        writeLayer(record, compiled, packed, from, to)
          .int(OUT_CHANNELS, channels)
          .int(PIXELS, tilePixels(pixels))
          .int(INPUT_OFFSETS, inputTable)
          .int(OUTPUT_OFFSETS, outputTable)
          .int(TAP_OFFSETS, tapTable)
          .int(TAP_PAIRS, pairs)
          .int(DEPTH_MULTIPLIER, depthMultiplier)
          .int(PATTERNS, patterns);
      };
      return { adapterPoint: null, records: [{ kind: KIND_DEPTHWISE, write }] };
    },
  };
}

/** Weights [height × width × channels] as blocks of eight channels, those of a pixel once for each of its group. */
function packTaps(context: PrepareContext, { geometry, weights }: ConvolutionLayer, group: number, bytes: number) {
  const { outputChannels, filterHeight, filterWidth } = geometry;
  const channels = group * outputChannels;
  const taps = filterHeight * filterWidth;
  const repeated = new Int8Array(taps * channels);
  for (let place = 0; place < repeated.length; place += outputChannels) {
    const tap = Math.floor(place / channels) * outputChannels;
    repeated.set(weights.subarray(tap, tap + outputChannels), place);
  }
  const packed = context.persistent(bytes);
  context.withWeights(repeated, (source, kernels) => kernels.packTaps(source, packed, channels, taps));
  return packed;
}

/** Start and scale of every channel once for each pixel of a group. */
function repeatLayer({ engine }: PrepareContext, { start, scale, outChannels }: CompiledLayer, group: number): void {
  for (const address of [start, scale]) {
    for (let pixel = 1; pixel < group; pixel++) {
      engine.int32.copyWithin((address >> 2) + pixel * outChannels, address >> 2, (address >> 2) + outChannels);
    }
  }
}

/**
 * For each output channel which of the (tap, next tap) pairs it takes, of those of the first input channels that its
 * block reads: as four bytes of a pattern for a swizzle.
 */
function patternTable(context: PrepareContext, multiplier: number, places: number): number {
  return context.sharedInts(`patterns ${[multiplier, places]}`, () =>
    Int32Array.from({ length: places }, (_, channel) => {
      const first = Math.floor((channel - (channel % BLOCK)) / multiplier);
      return 0x03020100 + 0x04040404 * (Math.floor(channel / multiplier) - first);
    }),
  );
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
