import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TokenBucket } from '../../protocols/token-bucket.ts';

const bucket = suite('token bucket');
const RATE = { perSecond: 10, burst: 5 };

/** How many of `tries` pass at a moment. */
const passing = (one: TokenBucket, now: number, tries = 100): number =>
  Array.from({ length: tries }, () => one.take(now)).filter(Boolean).length;

bucket('a burst at once, then what the rate gives', () => {
  const one = new TokenBucket(RATE, 1_000);
  assert.is(passing(one, 1_000), 5);
  assert.is(passing(one, 1_099), 0);
  assert.is(passing(one, 1_100), 1);
  assert.is(passing(one, 1_400), 3);
});

bucket('after a long silence no more than a burst', () => {
  const one = new TokenBucket(RATE, 0);
  assert.is(passing(one, 0), 5);
  assert.is(passing(one, 3_600_000), 5);
});

bucket('ten seconds of a thousand tries a second let the rate through', () => {
  const one = new TokenBucket(RATE, 0);
  let passed = 0;
  for (let ms = 0; ms < 10_000; ms++) passed += one.take(ms) ? 1 : 0;
  assert.is(passed, 5 + 99);
});

bucket('a clock that jumps back gives nothing, and does not stop the bucket for good', () => {
  const one = new TokenBucket(RATE, 1_000_000);
  assert.is(passing(one, 1_000_000), 5);
  assert.is(passing(one, 0), 0);
  assert.is(passing(one, 100), 1);
});
bucket.run();
