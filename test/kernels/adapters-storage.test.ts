import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FACTOR_BITS, FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import { dice } from '../support/dice.ts';

const storage = suite('factors in few bits');

const drawn = (seed: number, length: number): Float32Array => {
  const { random, whole } = dice(seed);
  const size = 10 ** whole(-6, 6);
  return Float32Array.from({ length }, () => (random() < 0.1 ? 0 : (random() * 2 - 1) * size));
};

storage('what is read is what round gives, stored again it is the same bytes, and it takes what was promised', () => {
  for (const bits of FACTOR_BITS) {
    const codec = new FactorCodec(bits);
    for (let seed = 0; seed < 200; seed++) {
      const values = drawn(seed, dice(seed).whole(1, 100));
      const bytes = new Uint8Array(codec.bytesFor(values.length) + 6).fill(0xa5);
      assert.is(codec.write(values, bytes, 3), bytes.length - 3);
      assert.equal([...bytes.subarray(0, 3), ...bytes.subarray(-3)], Array(6).fill(0xa5));
      const [read, rounded] = [new Float32Array(values.length), new Float32Array(values.length)];
      assert.is(codec.read(bytes, 3, read), bytes.length - 3);
      codec.round(values, rounded);
      assert.equal(read, rounded);
      const again = bytes.slice();
      codec.write(read, again, 3);
      assert.equal(again, bytes);
    }
  }
});

storage('rows of A with a scale each: as one by one, the bytes that were promised, and apart the same values', () => {
  for (const bits of [8, 4] as const) {
    for (const row of [1, 6, 7, 128]) {
      const codec = new FactorCodec(bits, row);
      const values = drawn(row, 3 * row);
      const bytes = new Uint8Array(codec.bytesFor(values.length));
      assert.is(codec.write(values, bytes, 0), bytes.length);
      const [read, one] = [new Float32Array(3 * row), new Float32Array(row)];
      codec.read(bytes, 0, read);
      const [codes, scales] = [new Int8Array(3 * row), new Float32Array(3)];
      codec.quantise(values, codes, scales);
      for (let r = 0; r < 3; r++) {
        codec.round(values.subarray(r * row, (r + 1) * row), one);
        assert.equal(read.subarray(r * row, (r + 1) * row), one);
        one.forEach((value, i) => {
          assert.is(Math.fround(codes[r * row + i]! * scales[r]!), value + 0);
        });
      }
    }
  }
});

storage('no value is off by more than half a step of its block, and 32 bits keep every bit', () => {
  for (const [bits, steps] of [
    [8, 127],
    [4, 7],
  ] as const) {
    for (let seed = 0; seed < 100; seed++) {
      const values = drawn(seed, 90);
      const rounded = new Float32Array(90);
      new FactorCodec(bits).round(values, rounded);
      values.forEach((value, i) => {
        const block = bits === 4 ? 16 : 32;
        const from = i - (i % block);
        const largest = Math.max(...values.subarray(from, from + block).map(Math.abs));
        // The scale is off by at most 2^-8.
        const half = ((largest / steps) * (1 + 2 ** -8)) / 2;
        assert.ok(Math.abs(rounded[i]! - value) <= half * 1.000001, `${bits} bits, seed ${seed}, ${i}`);
      });
    }
  }
  const odd = Float32Array.of(Number.NaN, Infinity, -0, 1e-44, 3.3);
  const bytes = new Uint8Array(20);
  const exact = new FactorCodec(32);
  exact.write(odd, bytes, 0);
  const read = new Float32Array(5);
  exact.read(bytes, 0, read);
  assert.equal(new Uint32Array(read.buffer), new Uint32Array(odd.buffer));
});

storage('golden bytes: scale as bfloat16, then int8, or two int4 a byte', () => {
  const values = Float32Array.of(1, -0.5, 0.25);
  const bytes = new Uint8Array(5);
  new FactorCodec(8).write(values, bytes, 0);
  // 1/127 = 0x3c010204 becomes 0x3c01 = 0.00787354, of which 1, -0.5 and 0.25 are 127.01, -63.5 and 31.75.
  assert.equal([...bytes], [0x01, 0x3c, 127, 256 - 64, 32]);
  new FactorCodec(4).write(values, bytes, 0);
  // 1/7 = 0x3e124925 becomes 0x3e12: 7.01, -3.51 and 1.75.
  assert.equal([...bytes.subarray(0, 4)], [0x12, 0x3e, 0xc7, 0x02]);
});

storage('what is no number becomes 0, what is infinite stays finite', () => {
  const out = new Float32Array(3);
  for (const bits of [8, 4] as const) {
    new FactorCodec(bits).round(Float32Array.of(Number.NaN, 2, -2), out);
    assert.is(out[0], 0);
    assert.ok(Math.abs(out[1]! - 2) < 0.02);
    new FactorCodec(bits).round(Float32Array.of(Infinity, 1e-40, -Infinity), out);
    assert.ok(out.every(Number.isFinite));
  }
});

storage.run();
