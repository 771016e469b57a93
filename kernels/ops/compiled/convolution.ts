import {
  INPUT_OFFSETS,
  KIND_CONVOLUTION,
  OUTPUT_OFFSETS,
  PAIRS,
  PIXELS,
  SEGMENT_OFFSETS,
  SEGMENTS,
} from '../../wasm/assembly/records.ts';
import type { WideDemand } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator, Step } from '../operator.ts';
import type { OperatorTensor, PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { consecutiveOffsets, offsetTable, outputOffsets, TILE_PIXELS, tilePixels, windowOffsets } from './offsets.ts';
import { type Panels, packedLength, packPanels, paddedChannels, pairCount } from './panels.ts';

const COLUMNS = 8;

/** A layer whose every output is a sum over a window of all input channels. */
export interface ConvolutionLayer {
  readonly geometry: ConvolutionGeometry;
  readonly input: OperatorTensor;
  readonly output: OperatorTensor;
  /** [out, height, width, in] */
  readonly weights: Int8Array;
  /** [out] */
  readonly weightScale: Float32Array;
  /** The input is a row of values, whatever its shape. */
  readonly flat: boolean;
}

/** CONV_2D, and a dense layer over several rows, on the tiles of the compiled kernels. */
export function prepareCompiledConvolution(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weights, weightScale } = layer;
  const panels = panelsOf(geometry);
  const length = packedLength(panels);
  const packed = context.persistent(length * 2);
  packPanels(weights, panels, context.engine.int16.subarray(packed / 2, packed / 2 + length));
  const channels = paddedChannels(panels);
  const compiled = placeLayer(context, { input, output }, weightScale, channels);
  const pixels = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const isPointwise = geometry.filterHeight * geometry.filterWidth === 1;
  const scratch = isPointwise ? adapterScratch(context, TILE_PIXELS * channels) : null;
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: isPointwise,
    wide: { inputs: [demandOf(layer)], output: true },
    bind: (addresses): Step => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const places = {
        from,
        to,
        input: layer.flat ? consecutiveOffsets(2 * geometry.inputChannels) : windowOffsets(geometry, from.layout!),
        output: outputOffsets(to, geometry.outputChannels),
      };
      const tables = {
        input: offsetTable(context, pixels, places.input),
        output: offsetTable(context, pixels, places.output),
        segments: segmentOffsets(context, geometry, from.layout!),
      };
      return {
        adapterPoint: isPointwise ? adapterPointOf(context, layer, compiled, places) : null,
        records: [
          {
            kind: KIND_CONVOLUTION,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(PIXELS, tilePixels(pixels))
                .int(INPUT_OFFSETS, tables.input)
                .int(OUTPUT_OFFSETS, tables.output)
                .int(SEGMENTS, panels.segments)
                .int(SEGMENT_OFFSETS, tables.segments)
                .int(PAIRS, pairCount(panels.segmentLength));
              if (scratch === null) return;
              const [adjusted, hidden] = [addresses.scratch(scratch.adjusted), addresses.scratch(scratch.hidden)];
              writeAdapter(record, compiled, geometry.inputChannels, adjusted, hidden);
            },
          },
        ],
      };
    },
  };
}

function demandOf({ geometry, input, flat }: ConvolutionLayer): WideDemand {
  const { padTop: top, padLeft: left, padBottom: bottom, padRight: right } = geometry;
  return { tensor: input.index, border: { top, left, bottom, right }, flat };
}

/** Taps side by side in a row are one run, unless dilation parts them. */
function panelsOf({
  filterHeight,
  filterWidth,
  filterChannels,
  outputChannels,
  dilationWidth,
}: ConvolutionGeometry): Panels {
  const joined = dilationWidth === 1 || filterWidth === 1;
  return {
    columns: COLUMNS,
    outChannels: outputChannels,
    segments: joined ? filterHeight : filterHeight * filterWidth,
    segmentLength: joined ? filterWidth * filterChannels : filterChannels,
  };
}

function segmentOffsets(
  context: PrepareContext,
  geometry: ConvolutionGeometry,
  { rowBytes, pixelBytes }: { readonly rowBytes: number; readonly pixelBytes: number },
): number {
  const { filterWidth, dilationHeight, dilationWidth } = geometry;
  const { segments } = panelsOf(geometry);
  const perRow = segments / geometry.filterHeight;
  const key = `segments ${[segments, perRow, filterWidth, dilationHeight, dilationWidth, rowBytes, pixelBytes]}`;
  return context.sharedInts(key, () =>
    Int32Array.from(
      { length: segments },
      (_, at) => Math.floor(at / perRow) * dilationHeight * rowBytes + (at % perRow) * dilationWidth * pixelBytes,
    ),
  );
}
