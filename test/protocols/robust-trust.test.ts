import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../kernels/random.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { HarmScale } from '../../protocols/robust/harm-scale.ts';
import { HarmTest } from '../../protocols/robust/harm-test.ts';
import { scoreOf } from '../../protocols/robust/reputation.ts';
import { ROBUST } from '../../protocols/robust/settings.ts';

const { harmTest, harmScale, reputation } = ROBUST.trust;
const vector = (...values: number[]): Float64Array => Float64Array.from(values);

/** Contributions until quarantine, at most `max`. */
const runLength = (harmRate: number, max: number, seed: number): number => {
  const random = createRandom(seed);
  const test = new HarmTest(harmTest);
  let n = 0;
  while (n < max && !test.quarantined) {
    test.observe(random.float() < harmRate);
    n += 1;
  }
  return n;
};

const trust = suite('reputation and quarantine');

trust('always harmful: found after ln(1/α) / ln(1 + λ(1 - m)) contributions, also when it turns bad late', () => {
  assert.is(runLength(1, 1000, 1), 15);
  const turncoat = new HarmTest(harmTest);
  for (let i = 0; i < 1000; i++) turncoat.observe(false);
  for (let i = 0; i < 15; i++) turncoat.observe(true);
  assert.ok(turncoat.quarantined);
});

trust('an honest peer at the very edge of the hypothesis: 20 runs of 50,000 contributions, α a millionth', () => {
  // One alarm in a million contributions at most: in a million, none or one.
  let alarms = 0;
  for (let seed = 0; seed < 20; seed++) if (runLength(harmTest.honestHarmMax, 50_000, seed) < 50_000) alarms += 1;
  assert.ok(alarms <= 1, `${alarms} alarms`);
});

trust("the bound is the threshold's: with α = 1/100 alarms come, and not before 100 contributions on average", () => {
  const loose = { ...harmTest, evidenceMax: Math.log(100) };
  const random = createRandom(5);
  const test = new HarmTest(loose);
  let [alarms, n] = [0, 0];
  for (; n < 100_000; n++) {
    test.observe(random.float() < loose.honestHarmMax);
    if (!test.quarantined) continue;
    alarms += 1;
    test.evidence = 0;
    test.quarantined = false;
  }
  assert.ok(alarms > 0 && n / alarms >= 100, `${alarms} alarms in ${n}`);
});

trust('a quarantined peer comes back after good contributions enough', () => {
  const test = new HarmTest(harmTest);
  for (let i = 0; i < 500; i++) test.observe(true);
  let good = 0;
  for (; test.quarantined && good < 1000; good++) test.observe(false);
  assert.ok(good > 40 && good < 80, `${good}`);
});

const losses = (value: number, own = 0.2, zeros = 0.6): { value: number; own: number; zeros: number } => ({
  value,
  own,
  zeros,
});

trust('harm is to be far worse than the others are, not to be worse than own', () => {
  const scale = new HarmScale(harmScale);
  for (const [i, peer] of ['a', 'b', 'c', 'd', 'e'].entries()) scale.harmful(peer, losses(0.4 + 0.05 * i));
  assert.is(scale.harmful('a', losses(0.6)), false, 'the worst of all by a little');
  assert.is(scale.harmful('f', losses(1)), true, 'far beyond the others');
  assert.is(scale.harmful('g', losses(0.1)), false, 'better than own');
});

trust('while too few others are known nobody is judged, but by no learning at all', () => {
  const scale = new HarmScale(harmScale);
  assert.is(scale.harmful('a', losses(0.9)), null);
  assert.is(scale.harmful('a', losses(1.2)), true);
  assert.is(scale.harmful('a', losses(Number.NaN)), true);
  assert.is(scale.harmful('a', losses(Number.POSITIVE_INFINITY)), true);
});

trust('the score is total, within 0 to 1, and falls with each term', () => {
  const any = fc.double({ min: -10, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(any, any, any, fc.boolean(), (agreement, refusals, harm, quarantined) => {
      const score = scoreOf({ agreement, refusals, harm, quarantined }, reputation);
      assert.ok(score >= 0 && score <= 1);
      assert.is(score === 0, quarantined);
    }),
  );
  const clean = { agreement: 1, refusals: 0, harm: 0, quarantined: false };
  assert.is(scoreOf(clean, reputation), 1);
  assert.is(scoreOf({ ...clean, refusals: 1 }, reputation), 0.5);
  assert.is(scoreOf({ ...clean, harm: 0.25 }, reputation), 0.75);
  assert.is(scoreOf({ ...clean, agreement: 0 }, reputation), reputation.scoreMin);
});

/** A defence with a judge for whom the best is at 0, and that has heard four peers at 1. */
const settled = (judge: ((values: Float64Array) => number) | null) => {
  const defence = createDefence('clip', judge);
  for (let i = 0; i < 8; i++) for (const peer of ['a', 'b', 'c', 'd']) defence.admit(vector(0.5), peer, vector(1));
  return defence;
};

trust('a stranger counts less the longer it is one', () => {
  const defence = settled(null);
  const moved = Array.from({ length: 10 }, () => defence.admit(vector(0.5), 'liar', vector(50))[0]! - 0.5);
  assert.ok(moved[0]! > moved[3]! && moved[3]! > moved[9]! && moved[9]! < 0.02, `${moved}`);
  assert.is(scoreOf(defence.conductOf('a'), reputation), 1);
});

trust('whose values hurt is quarantined: the own value is mixed, and the others keep their standing', () => {
  const defence = settled((values) => Math.abs(values[0]!));
  for (let i = 0; i < 20; i++) defence.admit(vector(0.5), 'liar', vector(-8));
  assert.equal(defence.quarantined(), ['liar']);
  assert.equal(defence.admit(vector(0.5), 'liar', vector(-8)), vector(0.5));
  assert.is(defence.latest, 'quarantined');
  assert.not(defence.conductOf('a').quarantined);
});

trust("a far value that does no harm is no stranger's", () => {
  const defence = settled((values) => Math.abs(values[0]! - 3));
  for (let i = 0; i < 10; i++) defence.admit(vector(0.5), 'far', vector(4));
  assert.is(scoreOf(defence.conductOf('far'), reputation), 1);
});

trust('refused shares cost reputation and are forgiven by good ones', () => {
  const defence = settled(null);
  defence.charge('a');
  const charged = scoreOf(defence.conductOf('a'), reputation);
  assert.is(charged, 0.5);
  for (let i = 0; i < 30; i++) defence.admit(vector(0.5), 'a', vector(1));
  assert.ok(scoreOf(defence.conductOf('a'), reputation) > 0.9);
});

trust('a value that is not finite goes in as the own one, costs reputation and spoils nothing', () => {
  const defence = settled(null);
  assert.equal(defence.admit(vector(0.5), 'liar', vector(Number.NaN)), vector(0.5));
  assert.is(defence.latest, 'refused');
  assert.is(defence.conductOf('liar').refusals, 1);
  assert.equal(defence.admit(vector(0.5), 'a', vector(1)), vector(1));
});

trust('a newcomer takes over what it is offered, unless it is far worse than no learning at all', () => {
  const newcomer = createDefence('clip', (values) => Math.abs(values[0]! - 1));
  assert.equal(newcomer.welcome(vector(0), 'a', vector(1.2)), vector(1.2));
  assert.equal(newcomer.welcome(vector(0), 'b', vector(-7)), vector(0));
  assert.equal(newcomer.welcome(vector(0), 'c', vector(Number.NaN)), vector(0));
});

trust('memory is bounded: the peer heard longest ago is forgotten', () => {
  const defence = createDefence('clip');
  defence.charge('first');
  for (let i = 0; i < ROBUST.trust.remembered; i++) defence.charge(`peer-${i}`);
  assert.is(defence.conductOf('first').refusals, 0);
  assert.is(defence.conductOf('peer-0').refusals, 1);
});

trust.run();
