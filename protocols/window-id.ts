import Type from 'typebox';

/**
 * A window's id on the wire: text `<epoch>-<index>`, both decimal without leading zeros. The epoch is the node's boot
 * counter, the index counts every window of the stream since that boot, so an id is never used twice.
 */
const WINDOW_ID = /^(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,14})$/;

export const WindowId = Type.String({ pattern: WINDOW_ID.source, maxLength: 25 });

/** @param epoch boot counter, 0 … 999,999,999. @param index window counter, 0 … 10^15 - 1 (below 2^53) */
export function formatWindowId(epoch: number, index: number): string {
  return `${epoch}-${index}`;
}

/** The parts of a window id, or null when `text` is not one. */
export function parseWindowId(text: string): { epoch: number; index: number } | null {
  const match = WINDOW_ID.exec(text);
  return match === null ? null : { epoch: Number(match[1]), index: Number(match[2]) };
}
