import type { AdapterPoint, WindowAddresses } from '../../adapter-point.ts';
import type { Placement } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import type { CompiledLayer } from './layer.ts';
import type { PixelOffsets } from './offsets.ts';

/** Where the rows of a layer begin in the placements that it is bound to. */
export interface RowPlaces {
  readonly from: Placement;
  readonly to: Placement;
  readonly input: PixelOffsets;
  readonly output: PixelOffsets;
}

/** What adapters and learning see of a dense layer or of a convolution. */
export function adapterPointOf(
  context: PrepareContext,
  { geometry, weights, weightScale }: ConvolutionLayer,
  layer: CompiledLayer,
  { from, to, input, output }: RowPlaces,
  windows: WindowAddresses,
): AdapterPoint {
  const { int8, int16, int32 } = context.engine;
  const rows = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const { outputChannels } = geometry;
  const isDense = to.layout === null;
  const valueBytes = isDense ? 1 : 2;
  const inputIndex = (row: number): number => (input.at(row) - input.at(0)) / 2;
  const inputStart = (from.address + input.at(0)) / 2;
  const outputIndex = (row: number): number => output.at(row) / valueBytes;
  const lastRun = int32[windows.runs / 4 + windows.runCount - 1]! / 2;
  const inputEnd = inputStart + inputIndex(rows - 1) + lastRun + windows.runLength;
  const outputEnd = to.address / valueBytes + outputIndex(rows - 1) + outputChannels;
  return {
    operator: context.index,
    geometry,
    rows,
    inFeatures: windows.runCount * windows.runLength,
    outFeatures: outputChannels,
    inputScale: layer.from.scale,
    weightScale,
    outputScale: layer.to.scale,
    outputZeroPoint: layer.to.zeroPoint,
    activationMin: layer.activationMin,
    activationMax: layer.activationMax,
    weights,
    input: int16.subarray(inputStart, inputEnd),
    inputIndex,
    windows,
    output: isDense ? int8.subarray(to.address, outputEnd) : int16.subarray(to.address / 2, outputEnd),
    outputIndex,
    outputOffset: isDense ? 0 : layer.to.zeroPoint,
  };
}
