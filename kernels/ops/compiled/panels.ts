import type { PrepareContext } from '../prepare-context.ts';

/** Consecutive inputs that a layer multiplies with consecutive weights of a channel. */
export interface Panels {
  /** Channels side by side: 16 for one dense row, 8 for tiles of pixels. */
  readonly columns: number;
  readonly outChannels: number;
  /** Runs of consecutive k per channel, and values in each. */
  readonly segments: number;
  readonly segmentLength: number;
}

/** Pairs of consecutive k in a run, the last one completed with a zero weight. */
export function pairCount(length: number): number {
  return (length + 1) >> 1;
}

/** Channels rounded up to whole panels. */
export function paddedChannels({ columns, outChannels }: Panels): number {
  return Math.ceil(outChannels / columns) * columns;
}

/** Weights in all panels, zeros of odd runs and of absent channels included. */
function packedLength(panels: Panels): number {
  return paddedChannels(panels) * panels.segments * pairCount(panels.segmentLength) * 2;
}

/** Packs weights [out × segments × length] into the engine's memory, as int16 or as int8; returns their address. */
export function packWeights(context: PrepareContext, weights: Int8Array, panels: Panels): number {
  const { columns, outChannels, segments, segmentLength } = panels;
  const compact = context.isCompact ? 1 : 0;
  const packed = context.persistent(packedLength(panels) * (2 - compact));
  context.withWeights(weights, (source, kernels) =>
    kernels.packPanels(source, packed, columns, outChannels, segments, segmentLength, compact),
  );
  return packed;
}

/** Inputs of a vector, as `packRest` fills segments up to. */
const LANES = 8;

/** Whether the last channels are cheaper along the lanes than as half a panel, in instructions of a tile. */
function isRestCheaper(rest: number, { segments, segmentLength }: Panels): boolean {
  const vectors = Math.ceil(segmentLength / LANES);
  const alongLanes = rest * (60 + segments * (20 + 13 * vectors));
  return rest <= 2 && alongLanes < 80 + segments * (20 + 13 * pairCount(segmentLength));
}

/**
 * Packs the weights of the last one or two channels, where these are a panel and it pays, as
 * wasm/assembly/convolution-rest.ts has them: int16 [channels × segments × inputs], segments filled up to whole
 * vectors. Returns their address, else 0.
 */
export function packRest(context: PrepareContext, weights: Int8Array, panels: Panels): number {
  const { columns, outChannels, segments, segmentLength } = panels;
  const rest = outChannels % columns;
  if (rest === 0 || context.isCompact || !isRestCheaper(rest, panels)) return 0;
  const length = Math.ceil(segmentLength / LANES) * LANES;
  const padded = new Int8Array(rest * segments * length);
  for (let run = 0; run < rest * segments; run++) {
    const from = ((outChannels - rest) * segments + run) * segmentLength;
    padded.set(weights.subarray(from, from + segmentLength), run * length);
  }
  return packWeights(context, padded, { columns: 1, outChannels: rest, segments, segmentLength: length });
}

/**
 * Packs weights [out × length] two to an int16, for a dense row (wasm/assembly/dense-coupled.ts): a byte a weight, as
 * the compact form has it, read in less time than either. Null when one is −128: two of these have no room in an int16.
 */
export function coupleWeights(context: PrepareContext, weights: Int8Array, panels: Panels): number | null {
  if (weights.includes(-128)) return null;
  const packed = context.persistent(packedLength(panels));
  context.withWeights(weights, (source, kernels) =>
    kernels.packCoupled(source, packed, panels.outChannels, panels.segmentLength),
  );
  return packed;
}
