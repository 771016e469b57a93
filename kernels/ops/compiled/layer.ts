import { ADAPTER_RANK_MAX } from '../../adapter-limits.ts';
import type { WindowAddresses } from '../../adapter-point.ts';
import {
  ADJUSTED,
  BOUNDED,
  COMPACT,
  HIDDEN,
  HIGH,
  IN_FEATURES,
  INPUT,
  INPUT_SCALE,
  LOW,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  RUN_LENGTH,
  RUN_OFFSETS,
  SCALE,
  START,
  UNIT,
  WEIGHTS,
  ZERO_POINT,
} from '../../wasm/assembly/records.ts';
import type { RecordWriter } from '../../wasm/record-writer.ts';
import { activationRange } from '../activation.ts';
import type { Placement } from '../operator.ts';
import type { OperatorTensor, PrepareContext, TensorQuantisation } from '../prepare-context.ts';
import { biasValues } from '../weights.ts';

/** What the compiled kernels need of every layer with weights, in the engine's memory. */
export interface CompiledLayer {
  readonly outChannels: number;
  readonly from: TensorQuantisation;
  readonly to: TensorQuantisation;
  readonly activationMin: number;
  readonly activationMax: number;
  /** Addresses: int32 accumulator starts, float32 requantisation scales, float32 values of an accumulator unit. */
  readonly start: number;
  readonly scale: number;
  readonly unit: number;
  readonly isCompact: boolean;
  /** Every accumulator times its scale stays below 2^22, whatever the input. */
  readonly isBounded: boolean;
}

/** From here on adding 1.5 × 2^23 to a float32 no longer leaves its nearest integer. */
const BOUND = 4_194_304;
/** |x − zero point| × |weight| at most. */
const PRODUCT_MAX = 255 * 128;

/**
 * Writes bias and scales of a layer, one per channel.
 *
 * @param products that each accumulator adds up
 * @param places channels rounded up to what the kernel takes at a time, or more
 */
export function placeLayer(
  context: PrepareContext,
  tensors: { readonly input: OperatorTensor; readonly output: OperatorTensor },
  weightScale: Float32Array,
  products: number,
  places: number,
): CompiledLayer {
  const { engine } = context;
  const from = context.quantisation(tensors.input);
  const to = context.quantisation(tensors.output);
  const outChannels = weightScale.length;
  const [start, scale, unit] = [
    context.persistent(places * 4),
    context.persistent(places * 4),
    context.persistent(places * 4),
  ];
  const bias = biasValues(context, outChannels);
  // Places without a channel: a unit of 1 keeps the adapter kernel's division there finite.
  engine.float32.fill(1, unit / 4, unit / 4 + places);
  let largest = 0;
  for (let channel = 0; channel < outChannels; channel++) {
    const product = Math.fround(from.scale * weightScale[channel]!);
    const factor = Math.fround(product / to.scale);
    if (!(product > 0 && factor > 0 && factor < Infinity)) {
      context.refuse(`has scales whose product leaves float32 in channel ${channel}`);
    }
    const value = bias[channel]!;
    engine.int32[start / 4 + channel] = value;
    largest = Math.max(largest, (Math.abs(value) + products * PRODUCT_MAX) * factor);
    engine.float32[unit / 4 + channel] = product;
    engine.float32[scale / 4 + channel] = factor;
  }
  const [activationMin, activationMax] = activationRange(context, to);
  return {
    outChannels,
    from,
    to,
    activationMin,
    activationMax,
    start,
    scale,
    unit,
    isCompact: context.isCompact,
    isBounded: largest < BOUND,
  };
}

/** Fields of records.ts that every layer shares. */
export function writeLayer(
  record: RecordWriter,
  layer: CompiledLayer,
  weights: number,
  input: Placement,
  output: Placement,
): RecordWriter {
  const { to } = layer;
  return record
    .int(WEIGHTS, weights)
    .int(START, layer.start)
    .int(SCALE, layer.scale)
    .int(INPUT, input.address)
    .int(OUTPUT, output.address)
    .int(OUT_CHANNELS, layer.outChannels)
    .int(OUT_WIDE, output.layout === null ? 0 : 1)
    .float(LOW, layer.activationMin - to.zeroPoint)
    .float(HIGH, layer.activationMax - to.zeroPoint)
    .int(ZERO_POINT, to.zeroPoint)
    .int(COMPACT, layer.isCompact ? 1 : 0)
    .int(BOUNDED, layer.isBounded ? 1 : 0);
}

/** Scratch for one adapter row, by its handles. */
export interface AdapterScratch {
  readonly adjusted: number;
  readonly hidden: number;
}

/** @param starts accumulator starts that are adjusted at one time */
export function adapterScratch(context: PrepareContext, starts: number): AdapterScratch {
  return { adjusted: context.scratch(starts * 4), hidden: context.scratch(ADAPTER_RANK_MAX * 4) };
}

/** Fields of records.ts that adapters need. */
export function writeAdapter(
  record: RecordWriter,
  layer: CompiledLayer,
  { runs, runCount, runLength }: WindowAddresses,
  adjusted: number,
  hidden: number,
): RecordWriter {
  return record
    .int(UNIT, layer.unit)
    .int(ADJUSTED, adjusted)
    .int(HIDDEN, hidden)
    .int(IN_FEATURES, runCount * runLength)
    .int(RUN_OFFSETS, runs)
    .int(RUN_LENGTH, runLength)
    .float(INPUT_SCALE, layer.from.scale);
}
