import { calibrate } from '../../kernels/quantise/calibrate.ts';
import { type Network, sizeOf } from '../../kernels/quantise/network.ts';
import { tfliteModel } from '../../kernels/quantise/network-tflite.ts';
import { quantiseNetwork } from '../../kernels/quantise/quantise-network.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { encodeFactoryWindows, FACTORY_WINDOWS_METADATA_NAME } from '../../protocols/factory-windows.ts';
import { encodeModelCard, MODEL_CARD_METADATA_NAME, type ModelCard } from '../../protocols/model-card.ts';
import { chooseFactoryWindows } from './factory-windows.ts';

export interface QuantisedOptions {
  readonly description: string;
  /** Deviations from the mean that the int8 input reaches to either side. */
  readonly reach: number;
  /** Rows that calibration looks at, evenly spread; all when absent. */
  readonly calibrationRows?: number;
  /** The output is a reconstruction: it must reach as far as the input, whatever calibration saw. */
  readonly givesInput?: true;
  readonly card?: ModelCard;
  /** Class of each row, of a classifier: some of them go along. */
  readonly truth?: Int16Array;
}

/** A float network as an int8 model, calibrated on its training inputs [rows x size]. */
export function quantised(network: Network, inputs: Float32Array, options: QuantisedOptions): TfliteModel {
  const { description, reach, calibrationRows, givesInput, card, truth } = options;
  const input = { low: -reach, high: reach };
  const rows = calibrationRows === undefined ? inputs : spread(inputs, sizeOf(network.input), calibrationRows);
  const layers = calibrate(network, rows, input);
  if (givesInput) layers[network.layers.findLastIndex((layer) => 'weights' in layer)] = input;
  const model = quantiseNetwork(network, { input, layers });
  const metadata = card === undefined ? [] : [{ name: MODEL_CARD_METADATA_NAME, bytes: encodeModelCard(card) }];
  if (truth !== undefined && card !== undefined) {
    const windows = chooseFactoryWindows(inputs, truth, card.labels.length, model.input);
    metadata.push({ name: FACTORY_WINDOWS_METADATA_NAME, bytes: encodeFactoryWindows(windows) });
  }
  return tfliteModel(model, description, metadata);
}

/** At most `wanted` rows [n x size], evenly spread. */
function spread(inputs: Float32Array, size: number, wanted: number): Float32Array {
  const rows = inputs.length / size;
  if (rows <= wanted) return inputs;
  const out = new Float32Array(wanted * size);
  for (let i = 0; i < wanted; i += 1) {
    const row = Math.floor((i * rows) / wanted);
    out.set(inputs.subarray(row * size, (row + 1) * size), i * size);
  }
  return out;
}

/** At most about so many values are looked at, evenly spread. */
const LOOKED_AT = 1 << 20;
const QUANTILE = 0.999;
const ROOM = 1.5;
const REACH = { least: 4, most: 16 } as const;

/**
 * How far a standardised wave goes: what one value in a thousand exceeds, and half of it more for streams that drift. A
 * wave must keep its resolution; the rare peak beyond is cut.
 */
export function reachOf(inputs: Float32Array): number {
  const step = Math.max(1, Math.floor(inputs.length / LOOKED_AT));
  const sizes = Float32Array.from({ length: Math.floor(inputs.length / step) }, (_, i) => Math.abs(inputs[i * step]!));
  const usual = sizes.sort()[Math.floor(QUANTILE * (sizes.length - 1))]!;
  return Math.min(REACH.most, Math.max(REACH.least, ROOM * usual));
}
