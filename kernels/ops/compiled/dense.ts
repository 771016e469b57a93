import { COUPLED, KIND_DENSE, PAIRS } from '../../wasm/assembly/records.ts';
import { noBorder } from '../../wide-layout.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';
import { adapterPointOf } from './adapter-point.ts';
import type { ConvolutionLayer } from './convolution-layer.ts';
import { adapterScratch, placeLayer, writeAdapter, writeLayer } from './layer.ts';
import { consecutiveOffsets, noOffset, outputOffsets } from './offsets.ts';
import { coupleWeights, type Panels, packWeights, paddedChannels, pairCount } from './panels.ts';

const COLUMNS = 16;

/** A dense layer on one row, or a pointwise convolution of one pixel: weights are streamed once. */
export function prepareCompiledDense(context: PrepareContext, layer: ConvolutionLayer): PreparedOperator {
  const { geometry, input, output, weightScale } = layer;
  const { inputChannels, outputChannels } = geometry;
  const panels: Panels = { columns: COLUMNS, outChannels: outputChannels, segments: 1, segmentLength: inputChannels };
  const coupled = coupleWeights(context, layer.weights, panels);
  const packed = coupled ?? packWeights(context, layer.weights, panels);
  const columns = paddedChannels(panels);
  const compiled = placeLayer(context, { input, output }, weightScale, inputChannels, columns);
  const scratch = adapterScratch(context, columns);
  return {
    multiplyAdds: geometry.multiplyAdds,
    adaptable: true,
    wide: { inputs: [{ tensor: input.index, border: noBorder, flat: true }], output: true },
    bind: (addresses) => {
      const from = addresses.wide(input.index);
      const to = addresses.output(output.index);
      const [adjusted, hidden] = [addresses.scratch(scratch.adjusted), addresses.scratch(scratch.hidden)];
      const none = noOffset(context);
      const places = {
        from,
        to,
        input: consecutiveOffsets(2 * inputChannels),
        output: outputOffsets(to, outputChannels),
      };
      const windows = { input: from.address, rows: none, runs: none, runCount: 1, runLength: inputChannels };
      return {
        adapterPoint: adapterPointOf(context, layer, compiled, places, windows),
        records: [
          {
            kind: KIND_DENSE,
            write: (record) => {
              writeLayer(record, compiled, packed, from, to)
                .int(PAIRS, pairCount(inputChannels))
                .int(COUPLED, coupled === null ? 0 : 1);
              writeAdapter(record, compiled, windows, adjusted, hidden);
            },
          },
        ],
      };
    },
  };
}
