import type { AdapterPoint } from '../../adapter-point.ts';
import type { Placement } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import type { ConvolutionLayer } from './convolution.ts';
import type { CompiledLayer } from './layer.ts';
import type { PixelOffsets } from './offsets.ts';

/** Where the rows of a layer begin in the placements that it is bound to. */
export interface RowPlaces {
  readonly from: Placement;
  readonly to: Placement;
  readonly input: PixelOffsets;
  readonly output: PixelOffsets;
}

/** What adapters and learning see of a dense layer or of a pointwise convolution. */
export function adapterPointOf(
  context: PrepareContext,
  { geometry, weights, weightScale }: ConvolutionLayer,
  layer: CompiledLayer,
  { from, to, input, output }: RowPlaces,
): AdapterPoint {
  const { int8, int16 } = context.engine;
  const rows = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const isDense = to.layout === null;
  const valueBytes = isDense ? 1 : 2;
  return {
    operator: context.index,
    rows,
    inFeatures: geometry.inputChannels,
    outFeatures: geometry.outputChannels,
    inputScale: layer.from.scale,
    weightScale,
    outputScale: layer.to.scale,
    outputZeroPoint: layer.to.zeroPoint,
    activationMin: layer.activationMin,
    activationMax: layer.activationMax,
    weights,
    input: int16.subarray(from.address / 2, endOf(from) / 2),
    inputIndex: (row) => input.at(row) / 2,
    output: isDense
      ? int8.subarray(to.address, to.address + rows * geometry.outputChannels)
      : int16.subarray(to.address / 2, endOf(to) / 2),
    outputIndex: (row) => output.at(row) / valueBytes,
    outputOffset: isDense ? 0 : layer.to.zeroPoint,
  };
}

function endOf({ address, layout }: Placement): number {
  return address - layout!.originBytes + layout!.bytes;
}
