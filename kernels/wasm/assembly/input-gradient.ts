import { gather, scatter } from './adapter-lanes';
import {
  BATCH,
  DILATION_HEIGHT,
  DILATION_WIDTH,
  FILTER_HEIGHT,
  FILTER_WIDTH,
  IN_CHANNELS,
  IN_HEIGHT,
  IN_WIDTH,
  MULTIPLIER,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  STRIDE_HEIGHT,
  STRIDE_WIDTH,
} from './records';

/** Output position of a window that meets an input with one of its taps; −1 where none does. */
// @ts-ignore: decorator
@inline
function meets(position: i32, stride: i32, count: i32): i32 {
  if (position < 0) return -1;
  const at = stride == 1 ? position : position / stride;
  return at < count && at * stride == position ? at : -1;
}

/** Four of eight int16 as float32. */
// @ts-ignore: decorator
@inline
function lowFloats(values: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(values));
}

// @ts-ignore: decorator
@inline
function highFloats(values: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(values));
}

/** dx[i] += Σ_c g[c] × w[c, i] of one row, in the order of c: `convolutionGradient` of one pixel, once and not four times. */
function rowGradient(g: usize, w: usize, channels: i32, count: i32, dx: usize): void {
  const gEnd = g + (<usize>channels << 2);
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    let a = v128.load(dx);
    let b = v128.load(dx, 16);
    let at = w + i;
    for (let c = g; c < gEnd; c += 4) {
      const slope = v128.load32_splat(c);
      const weights = v128.load8x8_s(at);
      a = f32x4.add(a, f32x4.mul(slope, lowFloats(weights)));
      b = f32x4.add(b, f32x4.mul(slope, highFloats(weights)));
      at += count;
    }
    v128.store(dx, a);
    v128.store(dx, b, 16);
    dx += 32;
  }
  for (; i < count; i++) {
    let sum = load<f32>(dx);
    let at = w + i;
    for (let c = g; c < gEnd; c += 4) {
      sum += load<f32>(c) * <f32>load<i8>(at);
      at += count;
    }
    store<f32>(dx, sum);
    dx += 4;
  }
}

/**
 * What a convolution's slopes are for its inputs: dx[y, x, i] += Σ_tap Σ_c g[pixel that meets y, x with the tap, c] ×
 * w[c, tap, i]. Each sum starts with what is there and goes on in the order of taps, then channels, one rounding an
 * operation, so that tiles of any shape and the plain twin give the same bits. Four pixels × eight channels at a time.
 *
 * @param geometry words of records.ts
 * @param g float32 [pixels × channels]
 * @param w int8 [channels × taps × in]
 * @param dx float32 [in pixels × in]
 * @param zeros float32 [channels], all 0: what pixels outside of the output give
 */
export function convolutionGradient(geometry: usize, g: usize, w: usize, channels: i32, dx: usize, zeros: usize): void {
  const height = load<i32>(geometry, IN_HEIGHT);
  const width = load<i32>(geometry, IN_WIDTH);
  const inChannels = load<i32>(geometry, IN_CHANNELS);
  const outHeight = load<i32>(geometry, OUT_HEIGHT);
  const outWidth = load<i32>(geometry, OUT_WIDTH);
  const filterHeight = load<i32>(geometry, FILTER_HEIGHT);
  const filterWidth = load<i32>(geometry, FILTER_WIDTH);
  const strideHeight = load<i32>(geometry, STRIDE_HEIGHT);
  const strideWidth = load<i32>(geometry, STRIDE_WIDTH);
  const dilationHeight = load<i32>(geometry, DILATION_HEIGHT);
  const dilationWidth = load<i32>(geometry, DILATION_WIDTH);
  const padTop = load<i32>(geometry, PAD_TOP);
  const padLeft = load<i32>(geometry, PAD_LEFT);
  const rows = load<i32>(geometry, BATCH) * height;
  const wStride = <usize>(filterHeight * filterWidth * inChannels);
  const pixelBytes = <usize>channels << 2;
  const inBytes = <usize>inChannels << 2;
  if (rows * width * filterHeight * filterWidth == 1) {
    rowGradient(g, w, channels, inChannels, dx);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const image = row / height;
    const top = (row % height) + padTop;
    for (let x = 0; x < width; x += 4) {
      const x1 = min(x + 1, width - 1);
      const x2 = min(x + 2, width - 1);
      const x3 = min(x + 3, width - 1);
      const line = dx + <usize>(row * width) * inBytes;
      let d0 = line + <usize>x * inBytes;
      let d1 = line + <usize>x1 * inBytes;
      let d2 = line + <usize>x2 * inBytes;
      let d3 = line + <usize>x3 * inBytes;
      for (let i = 0; i < inChannels; ) {
        const whole = i + 8 <= inChannels;
        let a0 = whole ? v128.load(d0) : gather(d0, d1, d2, d3);
        let b0 = a0;
        let a1 = a0;
        let b1 = a0;
        let a2 = a0;
        let b2 = a0;
        let a3 = a0;
        let b3 = a0;
        if (whole) {
          b0 = v128.load(d0, 16);
          a1 = v128.load(d1);
          b1 = v128.load(d1, 16);
          a2 = v128.load(d2);
          b2 = v128.load(d2, 16);
          a3 = v128.load(d3);
          b3 = v128.load(d3, 16);
        }
        let tap = w + i;
        for (let ky = 0; ky < filterHeight; ky++) {
          const oy = meets(top - ky * dilationHeight, strideHeight, outHeight);
          const from = g + <usize>((image * outHeight + oy) * outWidth) * pixelBytes;
          for (let kx = 0; kx < filterWidth; kx++, tap += inChannels) {
            if (oy < 0) continue;
            const left = padLeft - kx * dilationWidth;
            const o0 = meets(x + left, strideWidth, outWidth);
            const o1 = meets(x1 + left, strideWidth, outWidth);
            const o2 = meets(x2 + left, strideWidth, outWidth);
            const o3 = meets(x3 + left, strideWidth, outWidth);
            if ((o0 & o1 & o2 & o3) < 0) continue;
            let p0 = o0 < 0 ? zeros : from + <usize>o0 * pixelBytes;
            let p1 = o1 < 0 ? zeros : from + <usize>o1 * pixelBytes;
            let p2 = o2 < 0 ? zeros : from + <usize>o2 * pixelBytes;
            let p3 = o3 < 0 ? zeros : from + <usize>o3 * pixelBytes;
            let at = tap;
            if (whole) {
              for (const end = p0 + pixelBytes; p0 < end; p0 += 4) {
                const weights = v128.load8x8_s(at);
                const low = lowFloats(weights);
                const high = highFloats(weights);
                const g0 = v128.load32_splat(p0);
                a0 = f32x4.add(a0, f32x4.mul(g0, low));
                b0 = f32x4.add(b0, f32x4.mul(g0, high));
                const g1 = v128.load32_splat(p1);
                a1 = f32x4.add(a1, f32x4.mul(g1, low));
                b1 = f32x4.add(b1, f32x4.mul(g1, high));
                const g2 = v128.load32_splat(p2);
                a2 = f32x4.add(a2, f32x4.mul(g2, low));
                b2 = f32x4.add(b2, f32x4.mul(g2, high));
                const g3 = v128.load32_splat(p3);
                a3 = f32x4.add(a3, f32x4.mul(g3, low));
                b3 = f32x4.add(b3, f32x4.mul(g3, high));
                at += wStride;
                p1 += 4;
                p2 += 4;
                p3 += 4;
              }
            } else {
              for (const end = p0 + pixelBytes; p0 < end; p0 += 4) {
                a0 = f32x4.add(a0, f32x4.mul(gather(p0, p1, p2, p3), f32x4.splat(<f32>load<i8>(at))));
                at += wStride;
                p1 += 4;
                p2 += 4;
                p3 += 4;
              }
            }
          }
        }
        if (whole) {
          v128.store(d0, a0);
          v128.store(d0, b0, 16);
          v128.store(d1, a1);
          v128.store(d1, b1, 16);
          v128.store(d2, a2);
          v128.store(d2, b2, 16);
          v128.store(d3, a3);
          v128.store(d3, b3, 16);
        } else scatter(a0, d0, d1, d2, d3);
        const step: usize = whole ? 32 : 4;
        i += whole ? 8 : 1;
        d0 += step;
        d1 += step;
        d2 += step;
        d3 += step;
      }
    }
  }
}

/**
 * The same of a depthwise convolution, M output channels for each input channel: dx[y, x, i] += Σ_tap Σ_m g[…, i × M + m]
 * × w[tap, i × M + m], in that order.
 *
 * @param w int8 [taps × in × M]
 */
export function depthwiseGradient(geometry: usize, g: usize, w: usize, dx: usize): void {
  const height = load<i32>(geometry, IN_HEIGHT);
  const width = load<i32>(geometry, IN_WIDTH);
  const inChannels = load<i32>(geometry, IN_CHANNELS);
  const outHeight = load<i32>(geometry, OUT_HEIGHT);
  const outWidth = load<i32>(geometry, OUT_WIDTH);
  const filterHeight = load<i32>(geometry, FILTER_HEIGHT);
  const filterWidth = load<i32>(geometry, FILTER_WIDTH);
  const multiplier = load<i32>(geometry, MULTIPLIER);
  const channels = inChannels * multiplier;
  const rows = load<i32>(geometry, BATCH) * height;
  const vectors = multiplier == 1 ? inChannels & ~7 : 0;
  for (let row = 0; row < rows; row++) {
    const image = row / height;
    const top = (row % height) + load<i32>(geometry, PAD_TOP);
    for (let x = 0; x < width; x++, dx += <usize>inChannels << 2) {
      let tap = w;
      for (let ky = 0; ky < filterHeight; ky++) {
        const oy = meets(top - ky * load<i32>(geometry, DILATION_HEIGHT), load<i32>(geometry, STRIDE_HEIGHT), outHeight);
        for (let kx = 0; kx < filterWidth; kx++, tap += channels) {
          const left = load<i32>(geometry, PAD_LEFT) - kx * load<i32>(geometry, DILATION_WIDTH);
          const ox = meets(x + left, load<i32>(geometry, STRIDE_WIDTH), outWidth);
          if ((oy | ox) < 0) continue;
          let from = g + (<usize>(((image * outHeight + oy) * outWidth + ox) * channels) << 2);
          let at = tap;
          let to = dx;
          let i = 0;
          for (; i < vectors; i += 8) {
            const weights = v128.load8x8_s(at);
            v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(from), lowFloats(weights))));
            v128.store(to, f32x4.add(v128.load(to, 16), f32x4.mul(v128.load(from, 16), highFloats(weights))), 16);
            at += 8;
            from += 32;
            to += 32;
          }
          for (; i < inChannels; i++) {
            let sum = load<f32>(to);
            for (let m = 0; m < multiplier; m++) {
              sum += load<f32>(from) * <f32>load<i8>(at);
              from += 4;
              at += 1;
            }
            store<f32>(to, sum);
            to += 4;
          }
        }
      }
    }
  }
}
