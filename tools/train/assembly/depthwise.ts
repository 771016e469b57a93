// One filter per channel over time, in float32. x is padded: [columns x channels] of one example, row of output p at
// column p * stride. Every output is summed over the taps in order.

/** y[p, c] = sum over taps t of x[p * stride + t, c] w[t, c]. */
export function depthwiseForward(
  x: usize, w: usize, y: usize,
  columns: i32, channels: i32, taps: i32, stride: i32,
): void {
  const row = <usize>channels << 2;
  for (let p = 0; p < columns; p++) {
    const from = x + <usize>(p * stride) * row;
    const to = y + <usize>p * row;
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      let sum = f32x4.splat(0);
      for (let t = 0; t < taps; t++) {
        const at = <usize>t * row + c;
        sum = f32x4.add(sum, f32x4.mul(v128.load(from + at), v128.load(w + at)));
      }
      v128.store(to + c, sum);
    }
    for (; c < row; c += 4) {
      let sum: f32 = 0;
      for (let t = 0; t < taps; t++) {
        const at = <usize>t * row + c;
        sum += load<f32>(from + at) * load<f32>(w + at);
      }
      store<f32>(to + c, sum);
    }
  }
}

/** dw[t, c] += sum over p of x[p * stride + t, c] dy[p, c]; dx[p * stride + t, c] += dy[p, c] w[t, c] unless dx is 0. */
export function depthwiseBackward(
  x: usize, w: usize, dy: usize, dw: usize, dx: usize,
  columns: i32, channels: i32, taps: i32, stride: i32,
): void {
  const row = <usize>channels << 2;
  for (let p = 0; p < columns; p++) {
    const start = <usize>(p * stride) * row;
    const slope = dy + <usize>p * row;
    for (let t = 0; t < taps; t++) {
      const tap = <usize>t * row;
      let c: usize = 0;
      for (; c + 16 <= row; c += 16) {
        const d = v128.load(slope + c);
        const at = start + tap + c;
        const g = dw + tap + c;
        v128.store(g, f32x4.add(v128.load(g), f32x4.mul(v128.load(x + at), d)));
        if (dx) v128.store(dx + at, f32x4.add(v128.load(dx + at), f32x4.mul(v128.load(w + tap + c), d)));
      }
      for (; c < row; c += 4) {
        const d = load<f32>(slope + c);
        const at = start + tap + c;
        const g = dw + tap + c;
        store<f32>(g, load<f32>(g) + load<f32>(x + at) * d);
        if (dx) store<f32>(dx + at, load<f32>(dx + at) + load<f32>(w + tap + c) * d);
      }
    }
  }
}
