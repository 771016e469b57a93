import { fold } from './adapter-lanes';

/**
 * Slopes of one adapter over all rows of a layer: bias[c] += Σ_p g[p, c], b[r, c] += Σ_p g[p, c] × u[p, r] in the order of
 * p, and back[p, r] = Σ_c g[p, c] × B[c, r]: lane l takes the c = l mod 4 of the whole fours, (lane 0 + lane 2) + (lane 1 +
 * lane 3), then the rest one by one.
 *
 * @param g float32 [pixels × channels]
 * @param u float32 [pixels × rank]
 * @param loraB float32 [rank × channels]: B transposed, as `b` is
 */
export function adapterGradient(
  g: usize,
  u: usize,
  loraB: usize,
  pixels: i32,
  channels: i32,
  rank: i32,
  bias: usize,
  b: usize,
  back: usize,
): void {
  const vectors = channels & ~3;
  const rowBytes = <usize>channels << 2;
  for (let pixel = 0; pixel < pixels; pixel++, g += rowBytes) {
    addScaled(bias, g, 1, channels);
    for (let r = 0; r < rank; r++) {
      const row = <usize>r * rowBytes;
      addScaled(b + row, g, load<f32>(u), channels);
      let lanes = f32x4.splat(0);
      let c = 0;
      for (; c < vectors; c += 4) {
        const at = <usize>c << 2;
        lanes = f32x4.add(lanes, f32x4.mul(v128.load(g + at), v128.load(loraB + row + at)));
      }
      let sum = f32x4.extract_lane(fold(lanes, lanes, lanes, lanes), 0);
      for (; c < channels; c++) {
        const at = <usize>c << 2;
        sum += load<f32>(g + at) * load<f32>(loraB + row + at);
      }
      store<f32>(back, sum);
      u += 4;
      back += 4;
    }
  }
}

/**
 * What A's slopes of one adapter add up to over all rows of a layer: a[r, i] += Σ_p back[p, r] × x[p, i] in the order of p,
 * of the inputs that `adapterProject` reads.
 *
 * @param x where all offsets count from, int16
 * @param rows int32 [pixels], byte offset of each row; `runs` of each run of `length` values within a row
 * @param back float32 [pixels × rank]
 * @param a float32 [rank × count]
 */
export function filterGradient(
  x: usize,
  rows: usize,
  pixels: i32,
  runs: usize,
  length: i32,
  count: i32,
  back: usize,
  rank: i32,
  a: usize,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    const row = x + load<usize>(rows + (<usize>pixel << 2));
    let to = a;
    for (let r = 0; r < rank; r++, back += 4) {
      const factor = load<f32>(back);
      const factors = f32x4.splat(factor);
      for (let done = 0, run = runs; done < count; done += length, run += 4) {
        let from = row + load<usize>(run);
        let i = 0;
        for (; i + 4 <= length; i += 4) {
          const values = f32x4.convert_i32x4_s(v128.load16x4_s(from));
          v128.store(to, f32x4.add(v128.load(to), f32x4.mul(values, factors)));
          from += 8;
          to += 16;
        }
        for (; i < length; i++) {
          store<f32>(to, load<f32>(to) + <f32>load<i16>(from) * factor);
          from += 2;
          to += 4;
        }
      }
    }
  }
}

/** to[c] += from[c] × factor */
function addScaled(to: usize, from: usize, factor: f32, count: i32): void {
  const factors = f32x4.splat(factor);
  let c = 0;
  for (; c + 4 <= count; c += 4) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(from), factors)));
    to += 16;
    from += 16;
  }
  for (; c < count; c++) {
    store<f32>(to, load<f32>(to) + load<f32>(from) * factor);
    to += 4;
    from += 4;
  }
}
