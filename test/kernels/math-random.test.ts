import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../kernels/random.ts';

const random = suite('random');

random('xoshiro128** steps as its authors published it', () => {
  // Outputs of the reference C code from state 1, 2, 3, 4 (also the test vector of Rust's rand_xoshiro).
  const generator = createRandom(0);
  generator.state.set([1, 2, 3, 4]);
  assert.equal(
    Array.from({ length: 4 }, () => generator.uint32()),
    [11520, 0, 5927040, 70819200],
  );
});

random('float takes 27 and 26 bits of two words, the first ones high', () => {
  const generator = createRandom(0);
  generator.state.set([1, 2, 3, 4]); // gives 11520, 0, 5927040, 70819200
  assert.is(generator.float(), 360 / 2 ** 27);
  assert.is(generator.float(), (185220 * 2 ** 26 + 1106550) / 2 ** 53);
});

random('a seed and a stream name give one sequence, and others give others', () => {
  const first = (seed: number, stream?: string): number => createRandom(seed, stream).uint32();
  assert.is(first(7, 'labels'), first(7, 'labels'));
  const draws = [first(7), first(7, 'labels'), first(7, 'label'), first(8, 'labels'), first(7 + 2 ** 32), first(-7)];
  assert.is(new Set(draws).size, draws.length);
});

random('the state can be saved and restored', () => {
  const generator = createRandom(3);
  generator.normal();
  const saved = generator.state.slice();
  const draws = [generator.normal(), generator.float(), generator.integer(10)];
  generator.state.set(saved);
  assert.equal([generator.normal(), generator.float(), generator.integer(10)], draws);
});

random('float is uniform in [0, 1)', () => {
  const generator = createRandom(5);
  const bins = new Float64Array(20);
  const draws = 200_000;
  for (let i = 0; i < draws; i += 1) bins[Math.floor(generator.float() * 20)]! += 1;
  const expected = draws / 20;
  const chiSquare = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 43.8, `chi-square ${chiSquare} of 19 degrees of freedom (0.1 % bound)`);
});

random('integer has no modulo bias', () => {
  const generator = createRandom(6);
  const n = 3 * 2 ** 30; // a plain modulo would draw the lower third twice as often
  let low = 0;
  for (let i = 0; i < 30_000; i += 1) if (generator.integer(n) < 2 ** 30) low += 1;
  assert.ok(Math.abs(low - 10_000) < 400, `${low} of 30000 in the lower third`);
  assert.throws(() => generator.integer(0), /n must be/);
  assert.throws(() => generator.integer(1.5), /n must be/);
});

random('normal has the moments of a standard normal', () => {
  const generator = createRandom(9);
  const draws = Float64Array.from({ length: 200_000 }, () => generator.normal());
  const moment = (p: number): number => draws.reduce((sum, v) => sum + v ** p, 0) / draws.length;
  assert.ok(Math.abs(moment(1)) < 0.01);
  assert.ok(Math.abs(moment(2) - 1) < 0.015);
  assert.ok(Math.abs(moment(3)) < 0.04);
  assert.ok(Math.abs(moment(4) - 3) < 0.1);
});

random('a seed that is not an integer is refused', () => {
  assert.throws(() => createRandom(0.5), /not an integer/);
});

random.run();
