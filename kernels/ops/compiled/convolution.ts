import {
  GATHER_ROWS,
  GATHER_SEGMENTS,
  GATHERED,
  INPUT_OFFSETS,
  KIND_CONVOLUTION,
  OUTPUT_OFFSETS,
  PAIRS,
  PIXELS,
  REST_WEIGHTS,
  RUN_LENGTH,
  RUN_OFFSETS,
  SEGMENT_OFFSETS,
  SEGMENTS,
  SINGLE_PIXELS,
} from '../../wasm/assembly/records.ts';
import type { WideDemand, WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PreparedOperator, Step } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import {
  consecutiveOffsets,
  noOffset,
  offsetTable,
  outputOffsets,
  singlePixels,
  TILE_PIXELS,
  tilePixels,
  windowOffsets,
} from './offsets.ts';
import { type Panels, packRest, packWeights, paddedChannels, pairCount } from './panels.ts';
import { type Segments, segmentsOf, segmentTable } from './segments.ts';

const COLUMNS = 8;
/** Pixels whose segments are gathered at one time, as the kernel has it. */
const GATHERED_PIXELS = 32;
/** Longer segments than this are read where they lie: the loop over them costs little beside their products. */
const GATHERED_LENGTH_MAX = 23;
/** Fewer output channels than this do not pay for the copies; of short segments fewer do. */
const GATHERED_CHANNELS_MIN = 48;
const SHORT_LENGTH_MAX = 5;
const SHORT_CHANNELS_MIN = 24;
/** What the last copied vector may write too much. */
const SLACK_BYTES = 16;

/** CONV_2D, and a dense layer over several rows, on the tiles of the compiled kernels. */
export function prepareCompiledConvolution(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const segments = segmentsOf(geometry);
  const isGathered = paysGathering(segments, geometry.outputChannels);
  const panels = panelsOf(geometry, segments, isGathered);
  const packed = packWeights(context, layer.weights, panels);
  const channels = paddedChannels(panels);
  const compiled = placeLayer(
    context,
    { input, output },
    weightScale,
    geometry.filterHeight * geometry.filterWidth * geometry.inputChannels,
    channels,
  );
  const rest = compiled.isBounded ? packRest(context, layer.weights, panels) : 0;
  const pixels = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const adapter = layer.frozen === true ? null : adapterScratch(context, TILE_PIXELS * channels);
  const rowBytes = pairCount(panels.segmentLength) * 4;
  const gathered = isGathered ? context.scratch(GATHERED_PIXELS * rowBytes + SLACK_BYTES) : null;
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: adapter !== null,
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
      const tables = tablesOf(context, layer, places, from.layout!);
      const rows = isGathered ? offsetTable(context, GATHERED_PIXELS, consecutiveOffsets(rowBytes)) : 0;
      const windows = {
        ...{ input: from.address, rows: tables.input, runs: tables.segments },
        ...{ runCount: segments.count, runLength: segments.length },
      };
      return {
        adapterPoint: adapter === null ? null : adapterPointOf(context, layer, compiled, places, windows),
        records: [
          {
            kind: KIND_CONVOLUTION,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(PIXELS, tilePixels(pixels))
                .int(SINGLE_PIXELS, singlePixels(pixels))
                .int(INPUT_OFFSETS, tables.input)
                .int(OUTPUT_OFFSETS, tables.output)
                .int(SEGMENTS, panels.segments)
                .int(SEGMENT_OFFSETS, isGathered ? tables.none : tables.segments)
                .int(PAIRS, pairCount(panels.segmentLength))
                .int(REST_WEIGHTS, rest)
                .int(GATHER_SEGMENTS, isGathered ? segments.count : 0)
                .int(RUN_OFFSETS, tables.segments)
                .int(RUN_LENGTH, segments.length)
                .int(GATHERED, gathered === null ? 0 : addresses.scratch(gathered))
                .int(GATHER_ROWS, rows);
              if (adapter === null) return;
              const [adjusted, hidden] = [addresses.scratch(adapter.adjusted), addresses.scratch(adapter.hidden)];
              writeAdapter(record, compiled, windows, adjusted, hidden);
            },
          },
        ],
      };
    },
  };
}

function paysGathering({ count, length }: Segments, channels: number): boolean {
  if (count === 1 || length > GATHERED_LENGTH_MAX) return false;
  return channels >= (length > SHORT_LENGTH_MAX ? GATHERED_CHANNELS_MIN : SHORT_CHANNELS_MIN);
}

function demandOf({ geometry, input, flat }: ConvolutionLayer): WideDemand {
  const { padTop: top, padLeft: left, padBottom: bottom, padRight: right } = geometry;
  return { tensor: input.index, border: { top, left, bottom, right }, flat };
}

function panelsOf({ outputChannels }: ConvolutionGeometry, { count, length }: Segments, isGathered: boolean): Panels {
  return {
    columns: COLUMNS,
    outChannels: outputChannels,
    segments: isGathered ? 1 : count,
    segmentLength: isGathered ? count * length : length,
  };
}

function tablesOf(
  context: PrepareContext,
  { geometry }: ConvolutionLayer,
  places: { readonly input: ReturnType<typeof windowOffsets>; readonly output: ReturnType<typeof outputOffsets> },
  layout: WideLayout,
) {
  const pixels = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  return {
    input: offsetTable(context, pixels, places.input),
    output: offsetTable(context, pixels, places.output),
    segments: segmentTable(context, geometry, layout),
    none: noOffset(context),
  };
}
