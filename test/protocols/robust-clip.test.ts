import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Clip } from '../../protocols/robust/clip.ts';
import { squaredDistance } from '../../protocols/robust/distance.ts';
import { createNoDefence } from '../../protocols/robust/no-defence.ts';
import { ROBUST } from '../../protocols/robust/settings.ts';

const vector = (...values: number[]): Float64Array => Float64Array.from(values);
const distance = (a: Float64Array, b: Float64Array): number => Math.sqrt(squaredDistance(a, b));

/** A clip that has heard peers `a`, `b`, … at these distances from the origin. */
const heard = (...distances: number[]): Clip => {
  const clip = new Clip(ROBUST.clip);
  distances.forEach((d, i) => void clip.admit(vector(0, 0), String.fromCharCode(97 + i), vector(0, d)));
  return clip;
};

const clips = suite('self-centred clipping');

clips('a value within the radius goes in as it is said, one beyond is cut to the radius, towards the peer', () => {
  const clip = heard(1, 2, 3);
  assert.equal(clip.admit(vector(0, 0), 'd', vector(1.5, 0)), vector(1.5, 0));
  assert.is(clip.latest, 'asSaid');
  const cut = clip.admit(vector(0, 0), 'e', vector(30, 40));
  assert.is(clip.latest, 'bounded');
  assert.ok(Math.abs(distance(cut, vector(0, 0)) - clip.radius) < 1e-12);
  assert.ok(Math.abs(cut[0]! / cut[1]! - 0.75) < 1e-12);
});

clips('nobody moves the receiver further than the median of the others, whatever it says', () => {
  const magnitude = fc.double({ min: -1e100, max: 1e100, noNaN: true });
  const distances = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(distances, magnitude, magnitude, (others, x, y) => {
      const clip = heard(...others);
      const admitted = clip.admit(vector(0, 0), 'liar', vector(x, y));
      assert.ok(distance(admitted, vector(0, 0)) <= Math.max(...others) * (1 + 1e-12));
    }),
    { numRuns: 300, seed: 1 },
  );
});

clips('a liar has no say in its own radius, and one that speaks often has one voice', () => {
  const clip = heard(1, 1, 1);
  for (let i = 0; i < 50; i++) clip.admit(vector(0, 0), 'liar', vector(1e6, 0));
  assert.is(clip.radius, 1);
  clip.admit(vector(0, 0), 'honest', vector(0, 1));
  assert.is(clip.radius, 1);
});

clips('the radius follows the fleet, and a peer not heard for long no longer counts', () => {
  const clip = heard(100, 100, 100);
  for (let i = 0; i <= ROBUST.clip.ageMax; i++) clip.admit(vector(0, 0), `p${i % 4}`, vector(0, 1));
  assert.is(clip.radius, 1);
});

clips('a young node looks at a second peer before it moves, and takes an only one as it is in the end', () => {
  const clip = new Clip(ROBUST.clip);
  assert.equal(clip.admit(vector(0, 0), 'a', vector(5, 0)), vector(0, 0));
  assert.equal(clip.admit(vector(0, 0), 'b', vector(0, 1)), vector(0, 1));
  const pair = new Clip(ROBUST.clip);
  for (let i = 0; i < 4; i++) assert.equal(pair.admit(vector(0, 0), 'only', vector(5, 0)), vector(0, 0));
  assert.equal(pair.admit(vector(0, 0), 'only', vector(5, 0)), vector(5, 0));
});

clips('no defence returns what was said', () => {
  const value = vector(1e300, -1);
  assert.is(createNoDefence().admit(vector(0, 0), 'a', value), value);
});

clips.run();
