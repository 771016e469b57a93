import {
  ADAPTER_A,
  ADAPTER_A_SCALE,
  ADAPTER_B,
  ADAPTER_BIAS,
  ADAPTER_BYTES,
  ADAPTER_RANK,
  ADAPTER_SCALING,
  HIDDEN,
  IN_FEATURES,
  INPUT_SCALE,
  ORDINAL,
  OUT_CHANNELS,
  RUN_LENGTH,
  RUN_OFFSETS,
  UNIT,
} from './records';

/** Corrections saturate here, so that adding one to an accumulator, or four of them to a fourfold one, never wraps. */
const CORRECTION_MAX: f32 = 134217728.0;

/** Σ_i a[i] × x[i], int8 × int16, exact in int32 for count ≤ 65,793 (255 × 128 × count < 2^31). */
function project(a: usize, x: usize, count: i32): i32 {
  let sum = i32x4.splat(0);
  const whole = count & ~15;
  for (let i = 0; i < whole; i += 16) {
    const bytes = v128.load(a);
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(bytes), v128.load(x)));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(bytes), v128.load(x, 16)));
    a += 16;
    x += 32;
  }
  let total =
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
  for (let i = whole; i < count; i++) {
    total += <i32>load<i8>(a) * <i32>load<i16>(x);
    a += 1;
    x += 2;
  }
  return total;
}

/** `project` over runs of `length` values; `runs` holds their byte offsets from `x`. */
function projectRuns(a: usize, x: usize, runs: usize, length: i32, count: i32): i32 {
  let total = 0;
  for (let done = 0; done < count; done += length) {
    total += project(a, x + load<usize>(runs), length);
    a += <usize>length;
    runs += 4;
  }
  return total;
}

/** u of `adapterRow` for each of some rows of a layer's input, which begin `rows` bytes from `x`: float32 [pixels × rank]. */
export function adapterProject(
  x: usize,
  rows: usize,
  pixels: i32,
  runs: usize,
  length: i32,
  count: i32,
  loraA: usize,
  loraAScale: usize,
  rank: i32,
  inputScale: f32,
  to: usize,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = x + load<usize>(rows + (<usize>pixel << 2));
    for (let r = 0; r < rank; r++) {
      const sum = <f32>projectRuns(loraA + <usize>(r * count), from, runs, length, count);
      store<f32>(to, inputScale * load<f32>(loraAScale + (r << 2)) * sum);
      to += 4;
    }
  }
}

/** Entry of a layer's adapter in the table of those in force; 0 where it has none. */
export function entryOf(record: usize, adapters: usize): usize {
  const ordinal = load<i32>(record, ORDINAL);
  if (!adapters || ordinal < 0) return 0;
  const entry = adapters + <usize>ordinal * ADAPTER_BYTES;
  return load<usize>(entry, ADAPTER_A) ? entry : 0;
}

/** Four float32 a `stride` of bytes apart: one column of four rows of B. */
// @ts-ignore: decorator
@inline
function column(address: usize, stride: usize): v128 {
  let lanes = v128.load32_zero(address);
  lanes = v128.load_lane<f32>(address + stride, lanes, 1);
  lanes = v128.load_lane<f32>(address + 2 * stride, lanes, 2);
  return v128.load_lane<f32>(address + 3 * stride, lanes, 3);
}

/**
 * The low-rank side path of one row of a layer, added to its accumulator start values (DESIGN §4):
 * adjusted[c] = start[c] + rne((bias[c] + scaling × Σ_r B[c,r] × u[r]) / unit[c]), u[r] = s_in × s_A[r] × Σ_i A[r,i] × x[i].
 * Every float32 operation rounds once and in this order: the plain twin gives the same bits. A NaN factor adds nothing.
 *
 * @param record of the layer: UNIT and START are [⌈out/8⌉ × 8] or more, HIDDEN [rank]
 * @param entry of the table of adapters: A int8 [rank × count], its scale float32 [rank], B float32 [⌈out/4⌉·4 × rank],
 *   bias float32 [⌈out/4⌉·4] in real units of the layer's output
 * @param x int16 [count], input minus its zero point; runs of values unless they were `gathered` to one
 * @param start what the corrections are added to, 0: to nothing
 * @param adjusted int32, as long as START
 */
export function adapterRow(record: usize, entry: usize, x: usize, gathered: bool, start: usize, adjusted: usize): void {
  const count = load<i32>(record, IN_FEATURES);
  const out = load<i32>(record, OUT_CHANNELS);
  const inputScale = load<f32>(record, INPUT_SCALE);
  const hidden = load<usize>(record, HIDDEN);
  const loraA = load<usize>(entry, ADAPTER_A);
  const loraAScale = load<usize>(entry, ADAPTER_A_SCALE);
  const rank = load<i32>(entry, ADAPTER_RANK);
  const scaling = load<f32>(entry, ADAPTER_SCALING);
  let loraB = load<usize>(entry, ADAPTER_B);
  let bias = load<usize>(entry, ADAPTER_BIAS);
  let step = load<usize>(record, UNIT);
  const runs = load<usize>(record, RUN_OFFSETS);
  const length = load<i32>(record, RUN_LENGTH);
  for (let r = 0; r < rank; r++) {
    const a = loraA + <usize>(r * count);
    const sum = <f32>(gathered ? project(a, x, count) : projectRuns(a, x, runs, length, count));
    store<f32>(hidden + (r << 2), inputScale * load<f32>(loraAScale + (r << 2)) * sum);
  }
  const low = f32x4.splat(-CORRECTION_MAX);
  const high = f32x4.splat(CORRECTION_MAX);
  const stride = <usize>(rank << 2);
  for (let c = 0; c < out; c += 4) {
    let delta = f32x4.mul(column(loraB, stride), v128.load32_splat(hidden));
    for (let r: usize = 4; r < stride; r += 4) {
      delta = f32x4.add(delta, f32x4.mul(column(loraB + r, stride), v128.load32_splat(hidden + r)));
    }
    delta = f32x4.add(v128.load(bias), f32x4.mul(f32x4.splat(scaling), delta));
    const units = f32x4.pmax(f32x4.pmin(f32x4.div(delta, v128.load(step)), high), low);
    // The saturating conversion turns NaN into 0.
    const correction = i32x4.trunc_sat_f32x4_s(f32x4.nearest(units));
    if (start) {
      v128.store(adjusted, i32x4.add(v128.load(start), correction));
      start += 16;
    } else v128.store(adjusted, correction);
    loraB += stride << 2;
    bias += 16;
    step += 16;
    adjusted += 16;
  }
}
