import {
  INPUT_OFFSETS,
  KIND_WINOGRAD,
  KIND_WINOGRAD_LINE,
  OUTPUT_OFFSETS,
  PIXELS,
  WINOGRAD_BLOCK,
  WINOGRAD_CHANNEL_BYTES,
  WINOGRAD_COLUMN_BYTES,
  WINOGRAD_PARTS,
  WINOGRAD_PRODUCTS,
  WINOGRAD_ROW_BYTES,
  WINOGRAD_TRANSFORMED,
  WINOGRAD_WEIGHED_BYTES,
} from '../../wasm/assembly/records.ts';
import type { WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { offsetTable, outputOffsets, TILE_PIXELS, windowOffsets } from './offsets.ts';
import { segmentsOf, segmentTable } from './segments.ts';
import { COLUMNS, enlarge, paddedChannels, pairedChannels, suitsSums, type TransformCost } from './winograd-sums.ts';
import { filterParts, isSquare, SIDE, tileBorder, tileCount, tilePixels } from './winograd-tiles.ts';

/** Of filters with several taps in both dimensions, and in one. */
interface Transform {
  /** Outputs of a tile, and elements of a transformed one. */
  readonly outputs: number;
  readonly elements: number;
  /** What sums are multiplied by. */
  readonly factor: number;
  readonly cost: TransformCost;
}

const SQUARE: Transform = {
  outputs: SIDE * SIDE,
  elements: 36,
  factor: 576,
  cost: { products: 11, perInput: 41, perOutput: 129 },
};
const LINE: Transform = {
  outputs: SIDE,
  elements: 6,
  factor: 24,
  cost: { products: 6.6, perInput: 16, perOutput: 104 },
};

/** Transformed inputs that are held at one time, in bytes, which fill half of a first-level cache; tiles at most. */
const BLOCK_BYTES = 18_432;
const BLOCK_TILES = 16;

const transformOf = (geometry: ConvolutionGeometry): Transform => (isSquare(geometry) ? SQUARE : LINE);

/** Transformed weights, in bytes. */
const packedBytesOf = (geometry: ConvolutionGeometry): number => {
  const places = Math.ceil(geometry.outputChannels / COLUMNS) * COLUMNS;
  const inputs = filterParts(geometry).length * pairedChannels(geometry.inputChannels);
  return 2 * places * inputs * transformOf(geometry).elements;
};

/** Whether a layer can go by `prepareWinograd`, gains by it, and has the memory, which is then taken. */
export function suitsWinograd(context: PrepareContext, layer: ConvolutionLayer): boolean {
  const { geometry } = layer;
  const { filterHeight, filterWidth, strideHeight, strideWidth, batch, outputHeight, outputWidth } = geometry;
  if (filterHeight * filterWidth === 1 || strideHeight !== 1 || strideWidth !== 1) return false;
  const { outputs, cost } = transformOf(geometry);
  // More than one where the image ends within a tile.
  const share = (outputs * tileCount(geometry)) / (batch * outputHeight * outputWidth);
  const moreBytes = packedBytesOf(geometry) - 2 * layer.weights.length;
  return suitsSums(context, layer, cost, share) && context.takeSpare(moreBytes);
}

/** CONV_2D of stride 1 by Winograd's transforms, with the same bits (kernels/wasm/assembly/winograd.ts). */
export function prepareWinograd(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weights, weightScale } = layer;
  const { batch, outputHeight, outputWidth, inputChannels, outputChannels } = geometry;
  const { filterHeight, filterWidth, dilationHeight, dilationWidth } = geometry;
  const { outputs, elements, factor } = transformOf(geometry);
  const parts = filterParts(geometry);
  const places = Math.ceil(outputChannels / COLUMNS) * COLUMNS;
  const paired = pairedChannels(inputChannels);
  const packed = context.persistent(packedBytesOf(geometry));
  context.withWeights(weights, (source, kernels) =>
    kernels.packWinograd(source, packed, outputChannels, inputChannels, filterHeight, filterWidth),
  );
  const compiled = placeLayer(
    context,
    { input, output },
    weightScale,
    filterHeight * filterWidth * inputChannels,
    places,
  );
  enlarge(context, compiled, places, factor);
  const tiles = tilePixels(geometry);
  // Whole vectors are transformed: what one part writes too much the next one, or nobody, has in its place.
  const channelBytes = 2 * paddedChannels((parts.length - 1) * paired + paddedChannels(inputChannels));
  const fitting = Math.floor(BLOCK_BYTES / (elements * channelBytes * TILE_PIXELS)) * TILE_PIXELS;
  const block = Math.min(Math.max(fitting, TILE_PIXELS), BLOCK_TILES, tiles.length);
  const transformed = context.scratch(elements * block * channelBytes);
  const products = context.scratch(elements * block * COLUMNS * 4);
  // Corrections of all pixels of a block's tiles.
  const adapter = adapterScratch(context, outputs * block * places);
  const { count: runCount, length: runLength } = segmentsOf(geometry);
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    wide: { inputs: [{ tensor: input.index, border: tileBorder(geometry), flat: false }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const { rowStep, columnStep } = stepsOf(geometry, from.layout!);
      const window = windowOffsets(geometry, from.layout!);
      const { at, key } = outputOffsets(to, outputChannels);
      const tiling = [filterHeight > 1, filterWidth > 1, dilationHeight, dilationWidth];
      const shape = `${[batch, outputHeight, outputWidth, ...tiling]}`;
      const fromOffsets = context.sharedInts(`tiles in ${shape} ${window.key}`, () =>
        Int32Array.from(tiles, ([first]) => window.at(first!)),
      );
      const toOffsets = context.sharedInts(`tiles out ${shape} ${key}`, () => Int32Array.from(tiles.flat(), at));
      const partTable = context.sharedInts(`parts ${[paired, filterHeight, filterWidth, rowStep, columnStep]}`, () =>
        Int32Array.of(2 * paired, ...parts.map(({ down, across }) => down * rowStep + across * columnStep)),
      );
      const places = { from, to, input: window, output: { at, key } };
      const windows = {
        ...{ input: from.address, rows: offsetTable(context, batch * outputHeight * outputWidth, window) },
        ...{ runs: segmentTable(context, geometry, from.layout!), runCount, runLength },
      };
      const [adjusted, hidden] = [addresses.scratch(adapter.adjusted), addresses.scratch(adapter.hidden)];
      return {
        adapterPoint: adapterPointOf(context, layer, compiled, places, windows),
        records: [
          {
            kind: isSquare(geometry) ? KIND_WINOGRAD : KIND_WINOGRAD_LINE,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(PIXELS, tiles.length)
                .int(INPUT_OFFSETS, fromOffsets)
                .int(OUTPUT_OFFSETS, toOffsets)
                .int(WINOGRAD_BLOCK, block)
                .int(WINOGRAD_CHANNEL_BYTES, channelBytes)
                .int(WINOGRAD_WEIGHED_BYTES, 2 * parts.length * paired)
                .int(WINOGRAD_PARTS, partTable)
                .int(WINOGRAD_ROW_BYTES, rowStep)
                .int(WINOGRAD_COLUMN_BYTES, columnStep)
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

/** Bytes from tap to tap. Of a line the one direction that it has is that of its columns. */
function stepsOf(geometry: ConvolutionGeometry, { rowBytes, pixelBytes }: WideLayout) {
  const down = geometry.dilationHeight * rowBytes;
  const across = geometry.dilationWidth * pixelBytes;
  return { rowStep: down, columnStep: geometry.filterWidth > 1 ? across : down };
}
