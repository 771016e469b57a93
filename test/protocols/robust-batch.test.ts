import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { combineBatch } from '../../protocols/robust/batch.ts';
import { DEFENCE_NAMES } from '../../protocols/robust/defence.ts';

const HONEST = [0.9, 1, 1.1, 1, 0.95, 1.05, 1].map((by) => new Float64Array([by, -by, 2 * by]));
const LIAR = new Float64Array([-50, 50, -100]);
const GOAL = [1, -1, 2];

const distance = (vector: Float64Array): number =>
  Math.sqrt(vector.reduce((sum, value, d) => sum + (value - GOAL[d]!) * (value - GOAL[d]!), 0));

const batch = suite('robust: a whole round at once');

batch('honest increments come to what they have in common, by every rule', () => {
  for (const name of DEFENCE_NAMES) assert.ok(distance(combineBatch(name, HONEST)) < 0.13, name);
});

batch('two liars of nine move the mean away, and no robust rule by more than half a step', () => {
  const increments = [...HONEST, LIAR, LIAR.map((value) => 2 * value)];
  const off = Object.fromEntries(DEFENCE_NAMES.map((name) => [name, distance(combineBatch(name, increments))]));
  assert.ok(off.none! > 10, `${off.none}`);
  for (const name of DEFENCE_NAMES) if (name !== 'none') assert.ok(off[name]! < 1.2, `${name} ${off[name]}`);
});

batch('alone an agent is taken as it is, and what came in stays as it was', () => {
  const [one] = HONEST;
  for (const name of DEFENCE_NAMES) assert.equal(combineBatch(name, [one!]), one, name);
  const before = HONEST.map((vector) => vector.slice());
  for (const name of DEFENCE_NAMES) combineBatch(name, HONEST);
  assert.equal(HONEST, before);
});

batch('of two the longer one is cut to the length of the other, since either may lie', () => {
  const mean = combineBatch('median', [new Float64Array([1, 0]), new Float64Array([0, 10])]);
  assert.equal([...mean], [0.5, 0.5]);
});

batch.run();
