/** One float32 of each of four rows. */
// @ts-ignore: decorator
@inline
export function gather(row0: usize, row1: usize, row2: usize, row3: usize): v128 {
  let lanes = v128.load32_zero(row0);
  lanes = v128.load32_lane(row1, lanes, 1);
  lanes = v128.load32_lane(row2, lanes, 2);
  return v128.load32_lane(row3, lanes, 3);
}

/** The opposite of `gather`; of rows that are the same one the last counts. */
// @ts-ignore: decorator
@inline
export function scatter(lanes: v128, row0: usize, row1: usize, row2: usize, row3: usize): void {
  v128.store32_lane(row0, lanes, 0);
  v128.store32_lane(row1, lanes, 1);
  v128.store32_lane(row2, lanes, 2);
  v128.store32_lane(row3, lanes, 3);
}

/** Of each of four vectors (lane 0 + lane 2) + (lane 1 + lane 3), side by side. */
// @ts-ignore: decorator
@inline
export function fold(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7));
}
