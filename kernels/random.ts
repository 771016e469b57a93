import { cos } from './math/cos.ts';
import { log } from './math/log.ts';

/** A seeded generator; every draw is a pure function of `state`. */
export interface Random {
  /** The whole state, live: save with `state.slice()`, restore with `state.set(saved)`. Four words, never all zero. */
  readonly state: Uint32Array;
  /** Uniform in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  float(): number;
  /** Uniform in [0, n), n from 1 to 2^32, without modulo bias. */
  integer(n: number): number;
  /** Standard normal (Box-Muller; the second value is dropped so that the state stays four words). */
  normal(): number;
}

const TWO_PI = 6.283185307179586;

/**
 * xoshiro128** 1.1 (Blackman and Vigna 2018, prng.di.unimi.it/xoshiro128starstar.c). The state is drawn from
 * splitmix32 after absorbing the seed (any safe integer) and the name of the stream, so streams of one seed are
 * independent: a part that draws more does not shift what another part sees.
 */
export function createRandom(seed: number, stream = ''): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed ${seed} is not an integer`);
  const state = seedState(seed, stream);
  const uint32 = (): number => {
    const s1 = state[1]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const s2 = state[2]! ^ state[0]!;
    const s3 = state[3]! ^ s1;
    state[1] = s1 ^ s2;
    state[0] = state[0]! ^ s3;
    state[2] = s2 ^ (s1 << 9);
    state[3] = rotateLeft(s3, 11);
    return result;
  };
  const float = (): number => {
    const high = uint32() >>> 5;
    return (high * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  };
  const integer = (n: number): number => {
    if (!(n >= 1 && n <= 4294967296 && Math.floor(n) === n)) throw new RangeError(`integer(${n}): n must be 1..2^32`);
    const limit = 4294967296 - (4294967296 % n);
    let draw = uint32();
    while (draw >= limit) draw = uint32();
    return draw % n;
  };
  // 1 - float() lies in (0, 1]: the logarithm never sees 0.
  const normal = (): number => Math.sqrt(-2 * log(1 - float())) * cos(TWO_PI * float());
  return { state, uint32, float, integer, normal };
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

function seedState(seed: number, stream: string): Uint32Array {
  let accumulator = absorb(0, seed >>> 0);
  accumulator = absorb(accumulator, Math.floor(seed / 4294967296) >>> 0);
  let second = absorb(accumulator, 0x5bd1e995);
  for (let i = 0; i < stream.length; i += 1) {
    accumulator = absorb(accumulator, stream.charCodeAt(i));
    second = absorb(second, accumulator);
  }
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i += 1) {
    accumulator = (accumulator + 0x9e3779b9) >>> 0;
    state[i] = mix(accumulator ^ mix(second + i));
  }
  if (state.every((word) => word === 0)) state[0] = 1; // the one state xoshiro never leaves
  return state;
}

function absorb(accumulator: number, word: number): number {
  return mix((Math.imul(accumulator, 31) + word + 0x9e3779b9) >>> 0);
}

/** The finaliser of splitmix32 (a bijection of 32-bit words). */
function mix(word: number): number {
  let z = word >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
