// Bias and ReLU of [rows x channels], and their gradient, in float32.

/** y += bias, then max(y, 0) if `relu`. */
export function biasForward(y: usize, bias: usize, rows: i32, channels: i32, relu: i32): void {
  const row = <usize>channels << 2;
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  const low: f32 = relu ? 0 : -Infinity;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) v128.store(y + c, f32x4.max(f32x4.add(v128.load(y + c), v128.load(bias + c)), floor));
    for (; c < row; c += 4) store<f32>(y + c, max<f32>(load<f32>(y + c) + load<f32>(bias + c), low));
    y += row;
  }
}

/** dy = 0 where a ReLU gave 0; dbias[c] += sum over rows of dy. */
export function biasBackward(y: usize, dy: usize, dbias: usize, rows: i32, channels: i32, relu: i32): void {
  const row = <usize>channels << 2;
  const zero = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      let d = v128.load(dy + c);
      if (relu) {
        d = v128.and(d, f32x4.gt(v128.load(y + c), zero));
        v128.store(dy + c, d);
      }
      v128.store(dbias + c, f32x4.add(v128.load(dbias + c), d));
    }
    for (; c < row; c += 4) {
      if (relu && load<f32>(y + c) <= 0) store<f32>(dy + c, 0);
      store<f32>(dbias + c, load<f32>(dbias + c) + load<f32>(dy + c));
    }
    y += row;
    dy += row;
  }
}
