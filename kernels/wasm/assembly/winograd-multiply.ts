/** Bytes of eight int32. */
export const PRODUCTS: usize = 32;

/**
 * Products of one element for the tiles of a block and eight channels: tiles four at a time, like the tiles of a
 * convolution.
 *
 * @param x int16 [tiles × channels], `row` bytes a tile, of which `bytes` meet weights
 * @param w packed weights of the element and panel; @param isHalf the last four channels are not there
 */
export function multiply(
  x: usize,
  w: usize,
  row: usize,
  bytes: usize,
  blockEnd: usize,
  to: usize,
  start: usize,
  isHalf: bool,
): void {
  if (isHalf) multiplyPanel<i8>(x, w, row, bytes, blockEnd, to, start);
  else multiplyPanel<i16>(x, w, row, bytes, blockEnd, to, start);
}

/** The same of eight channels where `S` is i16, of the first four where it is i8. */
function multiplyPanel<S>(
  x: usize,
  w: usize,
  row: usize,
  bytes: usize,
  blockEnd: usize,
  to: usize,
  start: usize,
): void {
  let low = i32x4.splat(0);
  let high = i32x4.splat(0);
  if (start) {
    low = v128.load(start, 0);
    high = v128.load(start, 16);
  }
  for (; x < blockEnd; x += 4 * row) {
    let a0 = low;
    let b0 = high;
    let a1 = low;
    let b1 = high;
    let a2 = low;
    let b2 = high;
    let a3 = low;
    let b3 = high;
    let x0 = x;
    let x1 = x + row;
    let x2 = x1 + row;
    let x3 = x2 + row;
    let weights = w;
    for (const end = x0 + bytes; x0 < end; ) {
      const wa = v128.load(weights, 0);
      const wb = sizeof<S>() == 2 ? v128.load(weights, 16) : wa;
      const v0 = v128.load32_splat(x0);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(wa, v0));
      if (sizeof<S>() == 2) b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wb, v0));
      const v1 = v128.load32_splat(x1);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(wa, v1));
      if (sizeof<S>() == 2) b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wb, v1));
      const v2 = v128.load32_splat(x2);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(wa, v2));
      if (sizeof<S>() == 2) b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wb, v2));
      const v3 = v128.load32_splat(x3);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(wa, v3));
      if (sizeof<S>() == 2) b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wb, v3));
      weights += 32;
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    v128.store(to, a0, 0);
    v128.store(to, a1, 32);
    v128.store(to, a2, 64);
    v128.store(to, a3, 96);
    if (sizeof<S>() == 2) {
      v128.store(to, b0, 16);
      v128.store(to, b1, 48);
      v128.store(to, b2, 80);
      v128.store(to, b3, 112);
    }
    to += 4 * PRODUCTS;
  }
}
