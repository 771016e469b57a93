/** Nearest integer, ties away from zero like C's `round` (TFLite's `TfLiteRound`). */
export function roundHalfAway(x: number): number {
  const size = x < 0 ? -x : x;
  const whole = Math.floor(size);
  // Comparing the exact fraction, because size + 0.5 would carry 0.49999999999999994 to 1.
  const rounded = size - whole >= 0.5 ? whole + 1 : whole;
  return x < 0 ? -rounded : rounded;
}
