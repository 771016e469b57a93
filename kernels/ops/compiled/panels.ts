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
export function packedLength(panels: Panels): number {
  return paddedChannels(panels) * panels.segments * pairCount(panels.segmentLength) * 2;
}

/**
 * Packs weights [out × segments × length] in panels (KERNELS.md, decision 1): in a panel, for each pair of k, column 0
 * (k, k+1), column 1 (k, k+1), … so that one vector meets four columns and one pair of inputs. `packed` must be zero:
 * columns and k beyond the layer stay so.
 */
export function packPanels(weights: Int8Array, panels: Panels, packed: Int16Array | Int8Array): void {
  const { columns, outChannels, segments, segmentLength } = panels;
  const pairs = pairCount(segmentLength);
  const panelLength = segments * pairs * 2 * columns;
  for (let channel = 0, from = 0; channel < outChannels; channel++) {
    const column = channel % columns;
    const base = ((channel - column) / columns) * panelLength + column * 2;
    for (let segment = 0; segment < segments; segment++) {
      const run = base + segment * pairs * 2 * columns;
      for (let k = 0; k < segmentLength; k++, from++) {
        packed[run + (k >> 1) * 2 * columns + (k & 1)] = weights[from]!;
      }
    }
  }
}

/** Packs the weights into the engine's memory; returns their address. */
export function packWeights(context: PrepareContext, weights: Int8Array, panels: Panels): number {
  const length = packedLength(panels);
  const address = context.persistent(length * 2);
  packPanels(weights, panels, context.engine.int16.subarray(address / 2, address / 2 + length));
  return address;
}
