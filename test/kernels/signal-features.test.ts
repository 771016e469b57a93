import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../kernels/random.ts';
import { createFeatures, type FeatureSpec } from '../../kernels/signal/features.ts';
import { createRealFft } from '../../kernels/signal/real-fft.ts';

const features = suite('features');

function extract(spec: FeatureSpec, channels: number, samples: readonly number[]): Map<string, number> {
  const made = createFeatures(spec, { channels, window: samples.length / channels });
  const out = new Float32Array(made.size);
  made.extract(Float32Array.from(samples), out);
  return new Map(made.names.map((name, i) => [name, out[i]!]));
}

function near(got: number | undefined, wanted: number, tolerance: number, what: string): void {
  assert.ok(got !== undefined && Math.abs(got - wanted) <= tolerance, `${what}: ${got}, not ${wanted}`);
}

features('raw hands the window over as it is', () => {
  const got = extract({ kind: 'raw' }, 2, [1, 2, 3, 4]);
  assert.equal(
    [...got],
    [
      ['c0.0', 1],
      ['c0.1', 2],
      ['c1.0', 3],
      ['c1.1', 4],
    ],
  );
});

features('statistics of a window worked out by hand', () => {
  const got = extract({ kind: 'statistics' }, 1, [1, 5, 1, 1]);
  const deviation = Math.sqrt(3);
  near(got.get('c0.mean'), 2, 1e-6, 'mean');
  near(got.get('c0.deviation'), deviation, 1e-6, 'deviation');
  near(got.get('c0.minimum'), 1, 0, 'minimum');
  near(got.get('c0.maximum'), 5, 0, 'maximum');
  near(got.get('c0.rms'), Math.sqrt(7), 1e-6, 'rms');
  near(got.get('c0.difference'), 8 / 3, 1e-6, 'mean absolute difference');
  near(got.get('c0.skewness'), 6 / deviation ** 3, 1e-6, 'skewness: m3 = (27 - 3) / 4 = 6');
  near(got.get('c0.kurtosis'), 21 / 9 - 3, 1e-6, 'excess kurtosis: m4 = (81 + 3) / 4 = 21');
  near(got.get('c0.crest'), 3 / deviation, 1e-6, 'crest');
  near(got.get('c0.crossings'), 2 / 3, 1e-6, 'crossings');
});

features('a constant or single sample gives finite statistics', () => {
  for (const samples of [[7, 7, 7, 7], [7]]) {
    for (const [name, value] of extract({ kind: 'statistics' }, 1, samples)) {
      assert.ok(Number.isFinite(value), `${name} is ${value}`);
    }
  }
});

features('the FFT agrees with the sum it stands for', () => {
  const random = createRandom(2);
  for (const length of [4, 8, 64, 256]) {
    const input = Float64Array.from({ length }, () => random.normal());
    const power = new Float64Array(length / 2 + 1);
    createRealFft(length).power(input, power);
    for (let k = 0; k <= length / 2; k += 1) {
      let re = 0;
      let im = 0;
      for (let n = 0; n < length; n += 1) {
        re += input[n]! * Math.cos((2 * Math.PI * k * n) / length);
        im -= input[n]! * Math.sin((2 * Math.PI * k * n) / length);
      }
      near(power[k], re * re + im * im, 1e-9 * length, `length ${length}, bin ${k}`);
    }
  }
  assert.throws(() => createRealFft(48), /power of two/);
});

features('a sine shows with its amplitude in its band and nowhere else', () => {
  const window = 128;
  const wave = Array.from({ length: window }, (_, i) => 10 + 3 * Math.sin((2 * Math.PI * 8 * (i + 0.3)) / window));
  const edges = Array.from({ length: 25 }, (_, b) => b + 1);
  const got = extract({ kind: 'spectral', edges, floor: [1e-6] }, 1, wave);
  near(got.get('c0.mean'), 10, 1e-5, 'mean');
  near(got.get('c0.deviation'), 3 / Math.sqrt(2), 1e-4, 'deviation');
  near(got.get('c0.band8-8'), Math.log(3), 1e-3, 'its own bin');
  near(got.get('c0.band7-7'), Math.log(1.5), 1e-3, 'half in the next bin: the Hann taper');
  assert.ok(got.get('c0.band12-12')! < Math.log(1e-3));
});

features('any window length works: the tail of the FFT is zero', () => {
  const window = 100; // FFT of 128
  const wave = Array.from({ length: window }, (_, i) => Math.sin((2 * Math.PI * 20 * i) / 128));
  const got = extract({ kind: 'spectral', edges: [1, 16, 25, 65], floor: [1e-6] }, 1, wave);
  const low = got.get('c0.band1-15')!;
  const middle = got.get('c0.band16-24')!;
  const high = got.get('c0.band25-64')!;
  assert.ok(middle > low + 2 && middle > high + 2, `${low} ${middle} ${high}`);
});

features('a dead channel reads as its floor', () => {
  const got = extract({ kind: 'spectral', edges: [1, 3], floor: [0.25] }, 1, new Array<number>(16).fill(5));
  near(got.get('c0.band1-2'), Math.log(0.25), 1e-6, 'floor');
});

features('a spectral spec that does not fit the window is refused', () => {
  const make = (edges: number[], floor: number[], window: number) => () =>
    createFeatures({ kind: 'spectral', edges, floor }, { channels: 1, window });
  assert.throws(make([1, 2], [1], 4), /at least 8 samples/);
  assert.throws(make([1, 10], [1], 16), /band edges/);
  assert.throws(make([0, 2], [1], 16), /band edges/);
  assert.throws(make([3, 2], [1], 16), /band edges/);
  assert.throws(make([1, 2], [1, 1], 16), /one positive floor/);
  assert.throws(make([1, 2], [0], 16), /one positive floor/);
});

features.run();
