// c[i, j] (+)= sum over k of a[i, k] b[k, j], in float32. Rows of b and c are contiguous; a has any strides, so that a
// transposed matrix and the overlapping rows of a convolution (im2col without the copy) are read in place. Strides are in
// values. Every sum goes over k in order, in float32, whatever tile its element falls into: the same bits everywhere.

/** Tiles of 4 rows and 8 columns stay in registers; the rest is done in narrower tiles. */
export function multiply(
  a: usize, aRow: usize, aStep: usize,
  b: usize, bRow: usize,
  c: usize, cRow: usize,
  rows: i32, columns: i32, depth: i32,
  accumulate: i32,
): void {
  aRow <<= 2;
  aStep <<= 2;
  bRow <<= 2;
  cRow <<= 2;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const ai = a + <usize>i * aRow;
    const ci = c + <usize>i * cRow;
    let j = 0;
    for (; j + 8 <= columns; j += 8) tile4x8(ai, aRow, aStep, b + (j << 2), bRow, ci + (j << 2), cRow, depth, accumulate);
    for (; j + 4 <= columns; j += 4) {
      for (let r = 0; r < 4; r++) row4(ai + <usize>r * aRow, aStep, b + (j << 2), bRow, ci + <usize>r * cRow + (j << 2), depth, accumulate);
    }
    for (; j < columns; j++) {
      for (let r = 0; r < 4; r++) single(ai + <usize>r * aRow, aStep, b + (j << 2), bRow, ci + <usize>r * cRow + (j << 2), depth, accumulate);
    }
  }
  for (; i < rows; i++) {
    const ai = a + <usize>i * aRow;
    const ci = c + <usize>i * cRow;
    let j = 0;
    for (; j + 4 <= columns; j += 4) row4(ai, aStep, b + (j << 2), bRow, ci + (j << 2), depth, accumulate);
    for (; j < columns; j++) single(ai, aStep, b + (j << 2), bRow, ci + (j << 2), depth, accumulate);
  }
}

// @ts-ignore: decorator
@inline
function tile4x8(
  a: usize, aRow: usize, aStep: usize,
  b: usize, bRow: usize,
  c: usize, cRow: usize,
  depth: i32, accumulate: i32,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (accumulate) {
    s00 = v128.load(c); s01 = v128.load(c, 16);
    s10 = v128.load(c1); s11 = v128.load(c1, 16);
    s20 = v128.load(c2); s21 = v128.load(c2, 16);
    s30 = v128.load(c3); s31 = v128.load(c3, 16);
  }
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x0, b0));
    s01 = f32x4.add(s01, f32x4.mul(x0, b1));
    const x1 = v128.load32_splat(a1);
    s10 = f32x4.add(s10, f32x4.mul(x1, b0));
    s11 = f32x4.add(s11, f32x4.mul(x1, b1));
    const x2 = v128.load32_splat(a2);
    s20 = f32x4.add(s20, f32x4.mul(x2, b0));
    s21 = f32x4.add(s21, f32x4.mul(x2, b1));
    const x3 = v128.load32_splat(a3);
    s30 = f32x4.add(s30, f32x4.mul(x3, b0));
    s31 = f32x4.add(s31, f32x4.mul(x3, b1));
    b += bRow;
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
  }
  v128.store(c, s00); v128.store(c, s01, 16);
  v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16);
  v128.store(c3, s30); v128.store(c3, s31, 16);
}

// @ts-ignore: decorator
@inline
function row4(a: usize, aStep: usize, b: usize, bRow: usize, c: usize, depth: i32, accumulate: i32): void {
  let sum = accumulate ? v128.load(c) : f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(a), v128.load(b)));
    a += aStep;
    b += bRow;
  }
  v128.store(c, sum);
}

// @ts-ignore: decorator
@inline
function single(a: usize, aStep: usize, b: usize, bRow: usize, c: usize, depth: i32, accumulate: i32): void {
  let sum: f32 = accumulate ? load<f32>(c) : 0;
  for (let k = 0; k < depth; k++) {
    sum += load<f32>(a) * load<f32>(b);
    a += aStep;
    b += bRow;
  }
  store<f32>(c, sum);
}
