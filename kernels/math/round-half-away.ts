/** Nearest integer, ties away from zero like C's `round` (TFLite's `TfLiteRound`), for |x| < 2^51. */
export function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}
