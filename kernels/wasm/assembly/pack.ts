/** A filter of up to 6 × 6 elements while it is transformed, int32. */
const element: usize = memory.data(144, 16);

// @ts-ignore: decorator
@inline
function put<T>(packed: usize, at: usize, value: i32): void {
  if (sizeof<T>() == 1) store<i8>(packed + at, <i8>value);
  else store<i16>(packed + (at << 1), <i16>value);
}

function panelsOf<T>(
  weights: usize,
  packed: usize,
  columns: usize,
  channels: usize,
  segments: usize,
  length: usize,
): void {
  const pairLength = columns << 1;
  const segmentLength = ((length + 1) >> 1) * pairLength;
  for (let channel: usize = 0; channel < channels; channel++) {
    const column = channel % columns;
    let run = ((channel - column) / columns) * segments * segmentLength + (column << 1);
    for (let segment: usize = 0; segment < segments; segment++) {
      for (let k: usize = 0; k < length; k++) {
        put<T>(packed, run + (k >> 1) * pairLength + (k & 1), load<i8>(weights));
        weights++;
      }
      run += segmentLength;
    }
  }
}

/**
 * Packs weights [channels × segments × length] in panels (KERNELS.md, decision 1): in a panel, for each pair of k,
 * column 0 (k, k+1), column 1 (k, k+1), … so that one vector meets four columns and one pair of inputs. `packed` must
 * be zero: columns and k beyond the layer stay so.
 *
 * @param compact 1: packed as int8, half the memory; 0: as int16
 */
export function packPanels(
  weights: usize,
  packed: usize,
  columns: usize,
  channels: usize,
  segments: usize,
  length: usize,
  compact: i32,
): void {
  if (compact) panelsOf<i8>(weights, packed, columns, channels, segments, length);
  else panelsOf<i16>(weights, packed, columns, channels, segments, length);
}

/**
 * Packs weights [channels × length], none of them −128, for `coupledRow`: panels of 32 columns, and in a panel, for
 * each pair of k, 16 × (k, k+1), int16. Number i of the sixteen holds column 8 ⌊i/4⌋ + i % 4, and 256 times the column
 * four further on: half the bytes of `packPanels`. A last panel of at most 16 columns has 8 × (k, k+1). `packed` must
 * be zero.
 */
export function packCoupled(weights: usize, packed: usize, channels: usize, length: usize): void {
  const panelLength = ((length + 1) >> 1) << 6;
  const halfFrom = ((channels - 1) & 31) < 16 ? (channels - 1) & ~31 : channels;
  for (let channel: usize = 0; channel < channels; channel++) {
    const step: usize = channel < halfFrom ? 64 : 32;
    const column = channel & 31;
    const factor: i32 = column & 4 ? 256 : 1;
    let to = packed + (channel >> 5) * panelLength + ((column >> 3) << 4) + ((column & 3) << 2);
    for (let k: usize = 0; k < length; k++) {
      const place = to + ((k & 1) << 1);
      store<i16>(place, <i16>(load<i16>(place) + factor * load<i8>(weights)));
      weights++;
      if (k & 1) to += step;
    }
  }
}

/** Packs weights [taps × channels] as blocks of eight channels: per pair of taps, 8 × (tap, next). `packed` must be zero. */
export function packTaps(weights: usize, packed: usize, channels: usize, taps: usize): void {
  const pairs = (taps + 1) >> 1;
  for (let channel: usize = 0; channel < channels; channel++) {
    const lane = channel & 7;
    const block = packed + (((channel - lane) * pairs + lane) << 2);
    for (let tap: usize = 0; tap < taps; tap++) {
      store<i16>(block + (tap >> 1) * 32 + ((tap & 1) << 1), <i16>load<i8>(weights + tap * channels + channel));
    }
  }
}

/**
 * Three weights by G of Winograd's F(4, 3), its rows times 24, the last one times 12: then those of two dimensions fit
 * int16, which are 144 × 128 at most.
 */
function transformWeights(a: i32, b: i32, c: i32, to: usize, step: usize): void {
  store<i32>(to, 6 * a);
  store<i32>(to + step, -4 * (a + b + c));
  store<i32>(to + 2 * step, -4 * (a - b + c));
  store<i32>(to + 3 * step, a + 2 * b + 4 * c);
  store<i32>(to + 4 * step, a - 2 * b + 4 * c);
  store<i32>(to + 5 * step, 12 * c);
}

/** One weight of a filter, zero outside of it. */
// @ts-ignore: decorator
@inline
function tap(filter: usize, y: usize, x: usize, height: usize, width: usize, channels: usize): i32 {
  return y < height && x < width ? load<i8>(filter + (y * width + x) * channels) : 0;
}

/** Moves `count` elements to their planes. */
function putElements(to: usize, count: usize, plane: usize): void {
  for (let at: usize = 0; at < count; at++) {
    store<i16>(to, <i16>load<i32>(element + (at << 2)));
    to += plane;
  }
}

/**
 * Packs weights [out × height × width × channels] for `winograd`. A filter of more than three taps a side is several
 * parts of three taps, filled up with zeros, as if each had channels of its own: transformed they are G g Gᵀ, in a line
 * G g. Per panel of eight output channels, per element, for each pair of those channels, 8 × (k, k+1), int16.
 */
export function packWinograd(
  weights: usize,
  packed: usize,
  out: usize,
  channels: usize,
  height: usize,
  width: usize,
): void {
  const isSquare = height > 1 && width > 1;
  // A column is packed as a row.
  if (width == 1) {
    width = height;
    height = 1;
  }
  const elements: usize = isSquare ? 36 : 6;
  const paired = (channels + 1) & ~1;
  const across = (width + 2) / 3;
  const parts = across * ((height + 2) / 3);
  const plane = (parts * paired) << 4;
  for (let filter: usize = 0; filter < out; filter++) {
    const panel = packed + (filter >> 3) * elements * plane + ((filter & 7) << 2);
    for (let channel: usize = 0; channel < channels; channel++) {
      const from = weights + filter * height * width * channels + channel;
      for (let part: usize = 0; part < parts; part++) {
        const y = (part / across) * 3;
        const x = (part % across) * 3;
        const k = part * paired + channel;
        for (let row: usize = 0; row < 3; row++) {
          const a = tap(from, y + row, x, height, width, channels);
          const b = tap(from, y + row, x + 1, height, width, channels);
          const c = tap(from, y + row, x + 2, height, width, channels);
          transformWeights(a, b, c, element + row * 24, 4);
          if (!isSquare) break;
        }
        for (let column: usize = 0; isSquare && column < 6; column++) {
          const at = element + (column << 2);
          transformWeights(load<i32>(at), load<i32>(at + 24), load<i32>(at + 48), at, 24);
        }
        putElements(panel + (k >> 1) * 32 + ((k & 1) << 1), elements, plane);
      }
    }
  }
}
