import { gather, scatter } from './adapter-lanes';

/**
 * Two ranks of B on four rows: out[n, c] = base[n, c] + (B[c, 0] × hidden[0, n] + B[c, 1] × hidden[1, n]).
 *
 * @param hidden float32 [2 × 4]; each value is loaded four times over, because V8 would repeat a shuffle in the loop
 * @param b the first of the two values in B's first row; rows are `stride` bytes apart
 * @param base of the first row, laid out as the outputs, or 0 for none
 * @param o0 and `o1`, `o2`, `o3`: float32 [outBytes / 4] each
 */
export function spreadTwo(
  hidden: usize,
  b: usize,
  stride: usize,
  base: usize,
  o0: usize,
  o1: usize,
  o2: usize,
  o3: usize,
  outBytes: usize,
): void {
  const u0 = v128.load32_splat(hidden, 0);
  const u1 = v128.load32_splat(hidden, 4);
  const u2 = v128.load32_splat(hidden, 8);
  const u3 = v128.load32_splat(hidden, 12);
  const v0 = v128.load32_splat(hidden, 16);
  const v1 = v128.load32_splat(hidden, 20);
  const v2 = v128.load32_splat(hidden, 24);
  const v3 = v128.load32_splat(hidden, 28);
  const toBase = base - o0;
  const whole = o0 + (outBytes & ~15);
  const end = o0 + outBytes;
  while (o0 < whole) {
    // [B[c,0], B[c,1], B[c+1,0], B[c+1,1]] and the next two rows.
    let first: v128;
    let second: v128;
    if (stride == 8) {
      first = v128.load(b, 0);
      second = v128.load(b, 16);
    } else {
      first = v128.load64_lane(b + stride, v128.load64_zero(b), 1);
      second = v128.load64_lane(b + 3 * stride, v128.load64_zero(b + 2 * stride), 1);
    }
    b += stride << 2;
    const bu = v128.shuffle<f32>(first, second, 0, 2, 4, 6);
    const bv = v128.shuffle<f32>(first, second, 1, 3, 5, 7);
    let d0 = f32x4.add(f32x4.mul(bu, u0), f32x4.mul(bv, v0));
    let d1 = f32x4.add(f32x4.mul(bu, u1), f32x4.mul(bv, v1));
    let d2 = f32x4.add(f32x4.mul(bu, u2), f32x4.mul(bv, v2));
    let d3 = f32x4.add(f32x4.mul(bu, u3), f32x4.mul(bv, v3));
    if (base) {
      d0 = f32x4.add(v128.load(o0 + toBase), d0);
      d1 = f32x4.add(v128.load(o1 + toBase), d1);
      d2 = f32x4.add(v128.load(o2 + toBase), d2);
      d3 = f32x4.add(v128.load(o3 + toBase), d3);
    }
    v128.store(o0, d0);
    v128.store(o1, d1);
    v128.store(o2, d2);
    v128.store(o3, d3);
    o0 += 16;
    o1 += 16;
    o2 += 16;
    o3 += 16;
  }
  const u = v128.load(hidden);
  const v = v128.load(hidden, 16);
  while (o0 < end) {
    let d = f32x4.add(f32x4.mul(v128.load32_splat(b), u), f32x4.mul(v128.load32_splat(b, 4), v));
    if (base) d = f32x4.add(gather(o0 + toBase, o1 + toBase, o2 + toBase, o3 + toBase), d);
    scatter(d, o0, o1, o2, o3);
    b += stride;
    o0 += 4;
    o1 += 4;
    o2 += 4;
    o3 += 4;
  }
}

/** `spreadTwo` of one rank: out[n, c] = base[n, c] + B[c, 0] × hidden[n]. */
export function spreadOne(
  hidden: usize,
  b: usize,
  stride: usize,
  base: usize,
  o0: usize,
  o1: usize,
  o2: usize,
  o3: usize,
  outBytes: usize,
): void {
  const u0 = v128.load32_splat(hidden, 0);
  const u1 = v128.load32_splat(hidden, 4);
  const u2 = v128.load32_splat(hidden, 8);
  const u3 = v128.load32_splat(hidden, 12);
  const toBase = base - o0;
  const whole = o0 + (outBytes & ~15);
  const end = o0 + outBytes;
  while (o0 < whole) {
    const bu = stride == 4 ? v128.load(b) : gather(b, b + stride, b + 2 * stride, b + 3 * stride);
    b += stride << 2;
    let d0 = f32x4.mul(bu, u0);
    let d1 = f32x4.mul(bu, u1);
    let d2 = f32x4.mul(bu, u2);
    let d3 = f32x4.mul(bu, u3);
    if (base) {
      d0 = f32x4.add(v128.load(o0 + toBase), d0);
      d1 = f32x4.add(v128.load(o1 + toBase), d1);
      d2 = f32x4.add(v128.load(o2 + toBase), d2);
      d3 = f32x4.add(v128.load(o3 + toBase), d3);
    }
    v128.store(o0, d0);
    v128.store(o1, d1);
    v128.store(o2, d2);
    v128.store(o3, d3);
    o0 += 16;
    o1 += 16;
    o2 += 16;
    o3 += 16;
  }
  const u = v128.load(hidden);
  while (o0 < end) {
    let d = f32x4.mul(v128.load32_splat(b), u);
    if (base) d = f32x4.add(gather(o0 + toBase, o1 + toBase, o2 + toBase, o3 + toBase), d);
    scatter(d, o0, o1, o2, o3);
    b += stride;
    o0 += 4;
    o1 += 4;
    o2 += 4;
    o3 += 4;
  }
}
