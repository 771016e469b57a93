import { cos } from '../math/cos.ts';
import { sin } from '../math/sin.ts';

const TWO_PI = 6.283185307179586;

export interface RealFft {
  readonly length: number;
  /** |X[k]|^2 of input [length] for k = 0 .. length/2 into power [length/2 + 1]. Allocates nothing. */
  power(input: Float64Array, power: Float64Array): void;
}

/**
 * Power spectrum of real input by one complex radix-2 FFT of half the length (even samples real, odd imaginary;
 * Numerical Recipes §12.3). `length` must be a power of two, 4 to 2^20; twiddles come from our own sine, so the
 * bits are the same everywhere.
 */
export function createRealFft(length: number): RealFft {
  if (!(length >= 4 && length <= 1048576 && (length & (length - 1)) === 0)) {
    throw new RangeError(`FFT length ${length} is not a power of two from 4 to 2^20`);
  }
  const half = length >> 1;
  const re = new Float64Array(half);
  const im = new Float64Array(half);
  const order = bitReversal(half);
  const wr = Float64Array.from({ length: half }, (_, k) => cos((TWO_PI * k) / length));
  const wi = Float64Array.from({ length: half }, (_, k) => -sin((TWO_PI * k) / length));

  const power = (input: Float64Array, out: Float64Array): void => {
    for (let i = 0; i < half; i += 1) {
      re[i] = input[2 * order[i]!]!;
      im[i] = input[2 * order[i]! + 1]!;
    }
    for (let size = 2; size <= half; size <<= 1) butterflies(re, im, wr, wi, size);
    out[0] = (re[0]! + im[0]!) * (re[0]! + im[0]!);
    out[half] = (re[0]! - im[0]!) * (re[0]! - im[0]!);
    for (let k = 1; k < half; k += 1) {
      // Spectra of the even and of the odd samples, untangled by symmetry: X = E + w O.
      const evenRe = (re[k]! + re[half - k]!) / 2;
      const evenIm = (im[k]! - im[half - k]!) / 2;
      const oddRe = (im[k]! + im[half - k]!) / 2;
      const oddIm = (re[half - k]! - re[k]!) / 2;
      const x = evenRe + wr[k]! * oddRe - wi[k]! * oddIm;
      const y = evenIm + wr[k]! * oddIm + wi[k]! * oddRe;
      out[k] = x * x + y * y;
    }
  };
  return { length, power };
}

/** One stage of decimation in time: pairs `size / 2` apart. Twiddle table: w[k] = e^(-i pi k / n), n = re.length. */
function butterflies(re: Float64Array, im: Float64Array, wr: Float64Array, wi: Float64Array, size: number): void {
  const n = re.length;
  const apart = size >> 1;
  const step = (2 * n) / size;
  for (let start = 0; start < n; start += size) {
    for (let k = 0; k < apart; k += 1) {
      const a = start + k;
      const b = a + apart;
      const c = wr[k * step]!;
      const s = wi[k * step]!;
      const tr = re[b]! * c - im[b]! * s;
      const ti = re[b]! * s + im[b]! * c;
      re[b] = re[a]! - tr;
      im[b] = im[a]! - ti;
      re[a] = re[a]! + tr;
      im[a] = im[a]! + ti;
    }
  }
}

function bitReversal(n: number): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 1; i < n; i += 1) order[i] = (order[i >> 1]! >> 1) | ((i & 1) !== 0 ? n >> 1 : 0);
  return order;
}
