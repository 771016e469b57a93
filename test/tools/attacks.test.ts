import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../kernels/random.ts';
import { attack } from '../../tools/mesh/attacks.ts';

const vector = (...values: number[]): Float64Array => Float64Array.from(values);
const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

const attacks = suite('attacks');
const honest = [vector(1, 10), vector(3, 14)];
const own = vector(2, -1);
const random = createRandom(1);

attacks('signFlip turns its own value round', () => {
  assert.equal(attack('signFlip', honest, own, random, 1, 3), vector(-6, 3));
});

attacks('ipm is the honest mean, turned round and scaled', () => {
  assert.equal(attack('ipm', honest, own, random, 1, 0.5), vector(-1, -6));
});

attacks('alie stays z deviations from the honest mean, z as in the paper', () => {
  // n = 50, f = 24 (Baruch et al. 2019, §3.2): s = 26 - 24 = 2, z = Φ⁻¹(24/26) = 1.426.
  const crowd = Array.from({ length: 26 }, (_, i) => vector(i % 2 === 0 ? 4 : 6));
  near(attack('alie', crowd, own, random, 24)[0]!, 5 - 1.426, 1e-3);
});

attacks('noise has the honest mean and the scale that was asked for', () => {
  const crowd = [new Float64Array(4000).fill(2)];
  const said = attack('noise', crowd, crowd[0]!, random, 1, 10);
  const mean = said.reduce((sum, value) => sum + value / 4000, 0);
  const deviation = Math.sqrt(said.reduce((sum, value) => sum + (value - mean) ** 2 / 4000, 0));
  near(mean, 2, 1.5);
  near(deviation, 20, 1);
});

attacks('no attack touches what it was given', () => {
  for (const name of ['signFlip', 'noise', 'ipm', 'alie'] as const) attack(name, honest, own, random);
  assert.equal(honest, [vector(1, 10), vector(3, 14)]);
  assert.equal(own, vector(2, -1));
});

attacks.run();
