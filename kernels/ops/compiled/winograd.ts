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
} from '../../wasm/assembly/records.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, TILE_PIXELS, windowOffsets } from './offsets.ts';
import { segmentsOf, segmentTable } from './segments.ts';
import { COLUMNS, enlarge, paddedChannels, suitsSums } from './winograd-sums.ts';

/** Elements of a transformed tile. */
const ELEMENTS = 16;
const COST = { products: 16, perInput: 83, perOutput: 205 };
/** Tiles whose transformed inputs are held at one time: with 64 channels they fill half of a first-level cache. */
const BLOCK_TILES = 16;

/** Whether a layer can go by `prepareWinograd`, and gains by it. */
export function suitsWinograd(context: PrepareContext, geometry: ConvolutionGeometry): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  const { outputHeight, outputWidth } = geometry;
  const shape = [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth];
  const isPlain = `${shape}` === '3,3,1,1,1,1';
  return isPlain && outputHeight >= 2 && outputWidth >= 2 && suitsSums(context, geometry, COST);
}

/** CONV_2D of 3 × 3 and stride 1 by Winograd's transform, with the same bits (kernels/wasm/assembly/winograd.ts). */
export function prepareWinograd(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const { padTop, padLeft, padBottom, padRight, outputHeight, outputWidth, inputChannels } = geometry;
  const panels = Math.ceil(geometry.outputChannels / COLUMNS);
  const packed = packTransformed(context, layer, panels);
  const compiled = placeLayer(context, { input, output }, weightScale, 9 * inputChannels, panels * COLUMNS);
  enlarge(context, compiled, panels * COLUMNS, 4);
  const tiles = tileCount(geometry);
  const block = Math.min(BLOCK_TILES, tiles);
  const channelBytes = 2 * paddedChannels(inputChannels);
  const transformed = context.scratch(ELEMENTS * block * channelBytes);
  const products = context.scratch(ELEMENTS * block * COLUMNS * 4);
  // Corrections of all four pixels of a block's tiles.
  const adapter = adapterScratch(context, 4 * block * panels * COLUMNS);
  const { count: runCount, length: runLength } = segmentsOf(geometry);
  // A tile is 4 × 4 pixels and gives 2 × 2: where the image ends within a tile, it reads a row or a column more.
  const border = {
    top: padTop,
    left: padLeft,
    bottom: padBottom + (outputHeight % 2),
    right: padRight + (outputWidth % 2),
  };
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
        origin + image * imageBytes + 2 * y * rowBytes + 2 * x * pixelBytes,
      ]);
      const { at, key } = outputOffsets(to, geometry.outputChannels);
      const outputs = tileTable(geometry, ({ image, y, x }) =>
        [0, 1, 2, 3].map((pixel) => {
          const [row, column] = [2 * y + (pixel >> 1), 2 * x + (pixel & 1)];
          const isInside = row < outputHeight && column < outputWidth;
          return at((image * outputHeight + (isInside ? row : 2 * y)) * outputWidth + (isInside ? column : 2 * x));
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

function tileCount({ batch, outputHeight, outputWidth }: ConvolutionGeometry): number {
  const tiles = batch * Math.ceil(outputHeight / 2) * Math.ceil(outputWidth / 2);
  return Math.ceil(tiles / TILE_PIXELS) * TILE_PIXELS;
}

interface TilePlace {
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** Values of every tile in order, filled up to a multiple of four with the last tile. */
function tileTable(geometry: ConvolutionGeometry, valuesOf: (tile: TilePlace) => readonly number[]): () => Int32Array {
  const rows = Math.ceil(geometry.outputHeight / 2);
  const columns = Math.ceil(geometry.outputWidth / 2);
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

/** Transformed filters, 16 int16 for the 9 int8 of each. */
function packTransformed(context: PrepareContext, { geometry, weights }: ConvolutionLayer, panels: number): number {
  const { inputChannels, outputChannels } = geometry;
  const depth = paddedChannels(inputChannels);
  const packed = context.persistent(panels * ELEMENTS * depth * COLUMNS * 2);
  context.withWeights(weights, (source, kernels) =>
    kernels.packWinograd(source, packed, outputChannels, inputChannels, depth),
  );
  return packed;
}
