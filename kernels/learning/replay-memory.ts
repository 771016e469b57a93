import { sumTreeBytes } from './sum-tree.ts';

/** Beside its features a window has its group (2 bytes), its place and the way back (2 + 2), its priority (1). */
const WINDOW_BYTES = 7;
/** Slots are numbered in 16 bits. */
export const REPLAY_SLOTS_MAX = 65_535;

/** Bytes that a replay buffer of `slots` windows takes, those of the factory included. */
export function replayBytes(slots: number, features: number): number {
  return slots * (features + WINDOW_BYTES) + sumTreeBytes(slots);
}

/** Fewer windows of a class than this teach little: large windows get more memory than asked for, if there is any. */
const WINDOWS_OF_A_CLASS = 16;

/**
 * Memory of a replay buffer.
 *
 * @param wanted bytes, where windows are small
 * @param bytesMax of the board: never more
 */
export function replayBytesFor(
  wanted: number,
  bytesMax: number,
  shape: { readonly features: number; readonly classes: number; readonly factoryWindows: number },
): number {
  const slots = WINDOWS_OF_A_CLASS * shape.classes + shape.factoryWindows;
  return Math.min(bytesMax, Math.max(wanted, replayBytes(slots, shape.features)));
}

/**
 * How many windows fit, at most `windowsMax` of the stream beside those of the factory.
 *
 * @returns windows of the stream; 0 or less when the factory's alone take all
 */
export function replayCapacity(bytesMax: number, windowsMax: number, features: number, factoryWindows: number): number {
  let low = 0;
  let high = Math.min(windowsMax, REPLAY_SLOTS_MAX - factoryWindows);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (replayBytes(middle + factoryWindows, features) <= bytesMax) low = middle;
    else high = middle - 1;
  }
  return low;
}
