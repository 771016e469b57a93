/**
 * output[i] = input[i] − zeroPoint, int8 to int16, for i < count. `output` holds an even number of elements: with an
 * odd count one zero is written behind the last, which meets the zero weight of the odd k run.
 */
export function widen(input: usize, output: usize, count: i32, zeroPoint: i32): void {
  const zero = i16x8.splat(<i16>zeroPoint);
  const whole = count & ~15;
  let from = input;
  let to = output;
  for (let i = 0; i < whole; i += 16) {
    const bytes = v128.load(from);
    v128.store(to, i16x8.sub(i16x8.extend_low_i8x16_s(bytes), zero));
    v128.store(to, i16x8.sub(i16x8.extend_high_i8x16_s(bytes), zero), 16);
    from += 16;
    to += 32;
  }
  for (let i = whole; i < count; i++) {
    store<i16>(to, <i16>(<i32>load<i8>(from) - zeroPoint));
    from += 1;
    to += 2;
  }
  if (count & 1) store<i16>(to, 0);
}
