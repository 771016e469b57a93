/** g[p, c] ×= scale[c] for all rows; each product rounds once. */
export function scaleChannels(
  g: Float32Array,
  at: number,
  rows: number,
  channels: number,
  scale: ArrayLike<number>,
): void {
  let index = at;
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c++, index++) g[index]! *= scale[c]!;
  }
}
