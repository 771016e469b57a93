import {
  INPUT_OFFSETS,
  KIND_WINOGRAD_LINE,
  OUTPUT_OFFSETS,
  PIXELS,
  WINOGRAD_BLOCK,
  WINOGRAD_CHANNEL_BYTES,
  WINOGRAD_COLUMN_BYTES,
  WINOGRAD_PRODUCTS,
  WINOGRAD_TRANSFORMED,
  WINOGRAD_WEIGHED_BYTES,
} from '../../wasm/assembly/records.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, windowOffsets } from './offsets.ts';
import { segmentsOf, segmentTable } from './segments.ts';
import { COLUMNS, enlarge, paddedChannels, pairedChannels, suitsSums } from './winograd-sums.ts';

/** Outputs of a tile, and elements of a transformed one. */
const OUTPUTS = 4;
const ELEMENTS = 6;
const COST = { products: 6.5, perInput: 17, perOutput: 76 };
/** What the sums are multiplied by, and what must fit 32 bits. */
const FACTOR = 24;
const SUM_MAX = 1 << 28;
/** Tiles whose transformed inputs are held at one time: with 64 channels they fill half of a first-level cache. */
const BLOCK_TILES = 24;
/** The kernel multiplies this many tiles at a time. */
const SIDE_BY_SIDE = 4;

/** Whether a layer of three taps in a line can go by `prepareWinogradLine`, and gains by it. */
export function suitsWinogradLine(context: PrepareContext, layer: ConvolutionLayer): boolean {
  const { geometry } = layer;
  const { filterHeight, filterWidth, strideHeight, strideWidth, batch, outputHeight, outputWidth } = geometry;
  const isLine = `${[Math.min(filterHeight, filterWidth), Math.max(filterHeight, filterWidth)]}` === '1,3';
  if (!isLine || strideHeight !== 1 || strideWidth !== 1) return false;
  // More than one where lines end within a tile.
  const share = (OUTPUTS * tilePixels(geometry).length) / (batch * outputHeight * outputWidth);
  return suitsSums(context, layer, COST, share, SUM_MAX);
}

/** CONV_2D of 1 × 3 or 3 × 1 and stride 1 by Winograd's transform, with the same bits (assembly/winograd-line.ts). */
export function prepareWinogradLine(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale, weights } = layer;
  const { inputChannels, outputChannels } = geometry;
  const places = Math.ceil(outputChannels / COLUMNS) * COLUMNS;
  const depth = paddedChannels(inputChannels);
  const paired = pairedChannels(inputChannels);
  const packed = context.persistent(places * ELEMENTS * paired * 2);
  context.withWeights(weights, (source, kernels) =>
    kernels.packWinogradLine(source, packed, outputChannels, inputChannels, paired),
  );
  const compiled = placeLayer(context, { input, output }, weightScale, 3 * inputChannels, places);
  enlarge(context, compiled, places, FACTOR);
  const pixels = tilePixels(geometry);
  const block = Math.min(BLOCK_TILES, pixels.length);
  const transformed = context.scratch(ELEMENTS * block * depth * 2);
  const products = context.scratch(ELEMENTS * block * COLUMNS * 4);
  // Corrections of all pixels of a block's tiles.
  const adapter = adapterScratch(context, OUTPUTS * block * places);
  const { count: runCount, length: runLength } = segmentsOf(geometry);
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    wide: { inputs: [{ tensor: input.index, border: borderOf(geometry), flat: false }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const { isVertical, dilation } = lineOf(geometry);
      const window = windowOffsets(geometry, from.layout!);
      const { at, key } = outputOffsets(to, outputChannels);
      const fromOffsets = context.sharedInts(`line in ${[isVertical, dilation]} ${window.key}`, () =>
        Int32Array.from(pixels, ([first]) => window.at(first!)),
      );
      const toOffsets = context.sharedInts(`line out ${[isVertical, dilation]} ${key}`, () =>
        Int32Array.from(pixels.flat(), at),
      );
      const step = dilation * (isVertical ? from.layout!.rowBytes : from.layout!.pixelBytes);
      const rows = { from, to, input: window, output: { at, key } };
      const windows = {
        ...{
          input: from.address,
          rows: offsetTable(context, geometry.batch * geometry.outputHeight * geometry.outputWidth, window),
        },
        ...{ runs: segmentTable(context, geometry, from.layout!), runCount, runLength },
      };
      const [adjusted, hidden] = [addresses.scratch(adapter.adjusted), addresses.scratch(adapter.hidden)];
      return {
        adapterPoint: adapterPointOf(context, layer, compiled, rows, windows),
        records: [
          {
            kind: KIND_WINOGRAD_LINE,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(PIXELS, pixels.length)
                .int(INPUT_OFFSETS, fromOffsets)
                .int(OUTPUT_OFFSETS, toOffsets)
                .int(WINOGRAD_BLOCK, block)
                .int(WINOGRAD_CHANNEL_BYTES, depth * 2)
                .int(WINOGRAD_WEIGHED_BYTES, paired * 2)
                .int(WINOGRAD_COLUMN_BYTES, step)
                .int(WINOGRAD_TRANSFORMED, addresses.scratch(transformed))
                .int(WINOGRAD_PRODUCTS, addresses.scratch(products));
              writeAdapter(record, compiled, windows, adjusted, hidden);
            },
          },
        ],
      };
    },
  };
}

/** The direction of the taps, and the outputs that lie in it. */
function lineOf(geometry: ConvolutionGeometry) {
  const isVertical = geometry.filterHeight === 3;
  return isVertical
    ? { isVertical, length: geometry.outputHeight, dilation: geometry.dilationHeight }
    : { isVertical, length: geometry.outputWidth, dilation: geometry.dilationWidth };
}

/** Positions of the first outputs of all tiles of a line; the others lie `dilation` further each. */
function firstsOf(length: number, dilation: number): number[] {
  return Array.from({ length }, (_, at) => at).filter((at) => Math.floor(at / dilation) % OUTPUTS === 0);
}

/**
 * The output pixels of every tile, filled up to whole groups with the last tile. Those outside of the image name the
 * first one.
 */
function tilePixels(geometry: ConvolutionGeometry): number[][] {
  const { batch, outputHeight, outputWidth } = geometry;
  const { isVertical, length, dilation } = lineOf(geometry);
  const apart = dilation * (isVertical ? outputWidth : 1);
  const pixels = Array.from({ length: batch * outputHeight * outputWidth }, (_, pixel) => pixel);
  const tiles = pixels.flatMap((pixel): number[][] => {
    const row = Math.floor(pixel / outputWidth);
    const at = isVertical ? row % outputHeight : pixel % outputWidth;
    if (Math.floor(at / dilation) % OUTPUTS !== 0) return [];
    const places = Array.from({ length: OUTPUTS }, (_, place) => place);
    return [places.map((place) => (at + place * dilation < length ? pixel + place * apart : pixel))];
  });
  while (tiles.length % SIDE_BY_SIDE !== 0) tiles.push(tiles.at(-1)!);
  return tiles;
}

/** The padding, and what the last tiles read beyond it. */
function borderOf(geometry: ConvolutionGeometry) {
  const { padTop: top, padLeft: left, padBottom: bottom, padRight: right } = geometry;
  const { isVertical, length, dilation } = lineOf(geometry);
  const last = firstsOf(length, dilation).at(-1)! + (ELEMENTS - 1) * dilation;
  const beyond = isVertical ? last - top - geometry.inputHeight + 1 : last - left - geometry.inputWidth + 1;
  return isVertical
    ? { top, left, bottom: Math.max(bottom, beyond), right }
    : { top, left, bottom, right: Math.max(right, beyond) };
}
