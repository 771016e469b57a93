import { projectOne, projectTwo } from './adapter-project';

/** Scaled projections of two ranks of four rows, float32 [2 × 4]. */
const hidden: usize = memory.data(32, 16);

/**
 * As `adapterBatch`, with a B of its own for every row and one A for all: what a pool of adapters needs, whose A is
 * shared. A row gets the bits that `adapterBatch` gives it alone with its B.
 *
 * @param b int32 [batch], address of each row's B, float32 [out × rank]
 */
export function adapterMany(
  x: usize,
  a: usize,
  b: usize,
  base: usize,
  out: usize,
  batch: i32,
  inFeatures: i32,
  outFeatures: i32,
  rank: i32,
  scaling: f32,
): void {
  const inBytes = <usize>inFeatures << 2;
  const outBytes = <usize>outFeatures << 2;
  const stride = <usize>rank << 2;
  for (let left = batch; left > 0; left -= 4) {
    const rows = min(left, 4);
    const x1 = left > 1 ? x + inBytes : x;
    const x2 = left > 2 ? x1 + inBytes : x1;
    const x3 = left > 3 ? x2 + inBytes : x2;
    let from = base;
    for (let r: usize = 0; r < stride; r += 8) {
      const loraA = a + (r >> 2) * inBytes;
      const two = r + 4 < stride;
      if (two) projectTwo(hidden, x, x1, x2, x3, inBytes, loraA, scaling);
      else projectOne(hidden, x, x1, x2, x3, inBytes, loraA, scaling);
      for (let n = 0; n < rows; n++) {
        const own = <usize>load<i32>(b + (n << 2)) + r;
        const at = <usize>n * outBytes;
        const added = from ? from + at : 0;
        if (two) rowOfTwo(hidden + (n << 2), own, stride, added, out + at, outBytes);
        else rowOfOne(hidden + (n << 2), own, stride, added, out + at, outBytes);
      }
      from = out;
    }
    x += inBytes << 2;
    b += 16;
    out += outBytes << 2;
    if (base) base += outBytes << 2;
  }
}

/** Two ranks of B on one row: out[c] = base[c] + (B[c, 0] × u + B[c, 1] × v), u and v four floats apart in `hidden`. */
// @ts-ignore: decorator
@inline
function rowOfTwo(hidden: usize, b: usize, stride: usize, base: usize, out: usize, outBytes: usize): void {
  const u = v128.load32_splat(hidden);
  const v = v128.load32_splat(hidden, 16);
  const whole = out + (outBytes & ~15);
  const end = out + outBytes;
  const toBase = base - out;
  while (out < whole) {
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
    let d = f32x4.add(f32x4.mul(bu, u), f32x4.mul(bv, v));
    if (base) d = f32x4.add(v128.load(out + toBase), d);
    v128.store(out, d);
    out += 16;
  }
  while (out < end) {
    let d = load<f32>(b) * load<f32>(hidden) + load<f32>(b, 4) * load<f32>(hidden, 16);
    if (base) d = load<f32>(out + toBase) + d;
    store<f32>(out, d);
    b += stride;
    out += 4;
  }
}

/** `rowOfTwo` of one rank: out[c] = base[c] + B[c, 0] × u. */
// @ts-ignore: decorator
@inline
function rowOfOne(hidden: usize, b: usize, stride: usize, base: usize, out: usize, outBytes: usize): void {
  const u = v128.load32_splat(hidden);
  const whole = out + (outBytes & ~15);
  const end = out + outBytes;
  const toBase = base - out;
  if (stride == 4) {
    while (out < whole) {
      let d = f32x4.mul(v128.load(b), u);
      if (base) d = f32x4.add(v128.load(out + toBase), d);
      v128.store(out, d);
      b += 16;
      out += 16;
    }
  }
  while (out < end) {
    let d = load<f32>(b) * load<f32>(hidden);
    if (base) d = load<f32>(out + toBase) + d;
    store<f32>(out, d);
    b += stride;
    out += 4;
  }
}
