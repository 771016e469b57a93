import {
  INPUT_OFFSETS,
  KIND_WINOGRAD,
  OUTPUT_OFFSETS,
  PIXELS,
  SCALE,
  START,
  WINOGRAD_BLOCK,
  WINOGRAD_CHANNEL_BYTES,
  WINOGRAD_COLUMN_BYTES,
  WINOGRAD_PRODUCTS,
  WINOGRAD_ROW_BYTES,
  WINOGRAD_TRANSFORMED,
  WINOGRAD_WEIGHED_BYTES,
} from '../../wasm/assembly/records.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, TILE_PIXELS, windowOffsets } from './offsets.ts';
import { segmentsOf, segmentTable } from './segments.ts';
import { COLUMNS, enlarge, paddedChannels, pairedChannels, suitsSums } from './winograd-sums.ts';

/** Outputs of a tile, along a side and in all; elements of a transformed one. */
const SIDE = 4;
const OUTPUTS = SIDE * SIDE;
const ELEMENTS = 6 * 6;
const COST = { products: 10.5, perInput: 51, perOutput: 112 };
/** What the sums are multiplied by, and what must fit 32 bits. */
const FACTOR = 576;
const SUM_MAX = 1 << 25;
/** Transformed inputs that are held at one time, in bytes, which fill half of a first-level cache; tiles at most. */
const BLOCK_BYTES = 18_432;
const BLOCK_TILES = 16;

/** Whether a layer can go by `prepareWinograd`, and gains by it. */
export function suitsWinograd(context: PrepareContext, layer: ConvolutionLayer): boolean {
  const { geometry } = layer;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  const shape = [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth];
  if (`${shape}` !== '3,3,1,1,1,1') return false;
  // More than one where the image ends within a tile.
  const share = (OUTPUTS * tileCount(geometry)) / (geometry.batch * geometry.outputHeight * geometry.outputWidth);
  return suitsSums(context, layer, COST, share, SUM_MAX);
}

/** CONV_2D of 3 × 3 and stride 1 by Winograd's transform, with the same bits (kernels/wasm/assembly/winograd.ts). */
export function prepareWinograd(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const { padTop, padLeft, padBottom, padRight, outputHeight, outputWidth, inputChannels } = geometry;
  const panels = Math.ceil(geometry.outputChannels / COLUMNS);
  const packed = packTransformed(context, layer, panels);
  const compiled = placeLayer(context, { input, output }, weightScale, 9 * inputChannels, panels * COLUMNS);
  enlarge(context, compiled, panels * COLUMNS, FACTOR);
  const tiles = tileCount(geometry);
  const channelBytes = 2 * paddedChannels(inputChannels);
  const fitting = Math.floor(BLOCK_BYTES / (ELEMENTS * channelBytes * TILE_PIXELS)) * TILE_PIXELS;
  const block = Math.min(Math.max(fitting, TILE_PIXELS), BLOCK_TILES, tiles);
  const transformed = context.scratch(ELEMENTS * block * channelBytes);
  const products = context.scratch(ELEMENTS * block * COLUMNS * 4);
  // Corrections of all pixels of a block's tiles.
  const adapter = adapterScratch(context, OUTPUTS * block * panels * COLUMNS);
  const { count: runCount, length: runLength } = segmentsOf(geometry);
  // A tile reads 6 × 6 pixels and gives 4 × 4: where the image ends within a tile, it reads further.
  const [bottom, right] = [padBottom + beyond(outputHeight), padRight + beyond(outputWidth)];
  const border = { top: padTop, left: padLeft, bottom, right };
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    wide: { inputs: [{ tensor: input.index, border, flat: false }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const { imageBytes, rowBytes, pixelBytes } = from.layout!;
      const origin = -padTop * rowBytes - padLeft * pixelBytes;
      const inputs = tileTable(geometry, ({ image, y, x }) => [
        origin + image * imageBytes + SIDE * y * rowBytes + SIDE * x * pixelBytes,
      ]);
      const { at, key } = outputOffsets(to, geometry.outputChannels);
      const outputs = tileTable(geometry, ({ image, y, x }) =>
        Array.from({ length: OUTPUTS }, (_, pixel) => {
          const [top, left] = [SIDE * y, SIDE * x];
          const [row, column] = [top + Math.floor(pixel / SIDE), left + (pixel % SIDE)];
          const isInside = row < outputHeight && column < outputWidth;
          return at((image * outputHeight + (isInside ? row : top)) * outputWidth + (isInside ? column : left));
        }),
      );
      const shape = `${[geometry.batch, outputHeight, outputWidth]}`;
      const fromOffsets = context.sharedInts(`tiles in ${shape} ${[origin, imageBytes, rowBytes, pixelBytes]}`, inputs);
      const toOffsets = context.sharedInts(`tiles out ${shape} ${key}`, outputs);
      const places = { from, to, input: windowOffsets(geometry, from.layout!), output: { at, key } };
      const pixels = geometry.batch * outputHeight * outputWidth;
      const windows = {
        ...{ input: from.address, rows: offsetTable(context, pixels, places.input) },
        ...{ runs: segmentTable(context, geometry, from.layout!), runCount, runLength },
      };
      const [adjusted, hidden] = [addresses.scratch(adapter.adjusted), addresses.scratch(adapter.hidden)];
      return {
        adapterPoint: adapterPointOf(context, layer, compiled, places, windows),
        records: [
          {
            kind: KIND_WINOGRAD,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(START, compiled.start)
                .int(SCALE, compiled.scale)
                .int(PIXELS, tiles)
                .int(INPUT_OFFSETS, fromOffsets)
                .int(OUTPUT_OFFSETS, toOffsets)
                .int(WINOGRAD_BLOCK, block)
                .int(WINOGRAD_CHANNEL_BYTES, channelBytes)
                .int(WINOGRAD_WEIGHED_BYTES, 2 * pairedChannels(inputChannels))
                .int(WINOGRAD_ROW_BYTES, rowBytes)
                .int(WINOGRAD_COLUMN_BYTES, pixelBytes)
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

/** How far the last tile reaches beyond a side of the output. */
const beyond = (side: number): number => (SIDE - (side % SIDE)) % SIDE;

const tilesAlong = (side: number): number => Math.ceil(side / SIDE);

function tileCount({ batch, outputHeight, outputWidth }: ConvolutionGeometry): number {
  const tiles = batch * tilesAlong(outputHeight) * tilesAlong(outputWidth);
  return Math.ceil(tiles / TILE_PIXELS) * TILE_PIXELS;
}

interface TilePlace {
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** Values of every tile in order, filled up to a multiple of four with the last tile. */
function tileTable(geometry: ConvolutionGeometry, valuesOf: (tile: TilePlace) => readonly number[]): () => Int32Array {
  const rows = tilesAlong(geometry.outputHeight);
  const columns = tilesAlong(geometry.outputWidth);
  const last = geometry.batch * rows * columns - 1;
  return () =>
    Int32Array.from(
      Array.from({ length: tileCount(geometry) }, (_, index) => {
        const tile = Math.min(index, last);
        const row = Math.floor(tile / columns);
        return valuesOf({ image: Math.floor(row / rows), y: row % rows, x: tile % columns });
      }).flat(),
    );
}

/** Transformed filters, 36 int16 for the 9 int8 of each. */
function packTransformed(context: PrepareContext, { geometry, weights }: ConvolutionLayer, panels: number): number {
  const { inputChannels, outputChannels } = geometry;
  const depth = pairedChannels(inputChannels);
  const packed = context.persistent(panels * ELEMENTS * depth * COLUMNS * 2);
  context.withWeights(weights, (source, kernels) =>
    kernels.packWinograd(source, packed, outputChannels, inputChannels, depth),
  );
  return packed;
}
