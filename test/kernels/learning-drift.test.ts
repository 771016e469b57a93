import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Adwin } from '../../kernels/learning/adwin.ts';
import { DriftEpisodes } from '../../kernels/learning/drift-episodes.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { createRandom } from '../../kernels/random.ts';

const drifts = suite('drift detection');

/** Where a rise was first seen after `change`, -1 for never; and changes seen before it. */
const watch = (seed: number, change: number, length: number, before: number, after: number) => {
  const random = createRandom(seed);
  const adwin = new Adwin(0.002);
  let seen = -1;
  let early = 0;
  for (let i = 0; i < length; i++) {
    const found = adwin.add(random.float() < (i < change ? before : after));
    if (found === 'none') continue;
    if (i < change) early++;
    else if (found === 'rise' && seen < 0) seen = i - change;
  }
  return { seen, early, adwin };
};

drifts('errors that become more frequent are found within a bounded delay, on every seed', () => {
  for (const [before, after, bound] of [
    [0.05, 0.5, 70],
    [0.05, 0.3, 200],
    [0.02, 0.2, 260],
  ] as const) {
    for (let seed = 0; seed < 40; seed++) {
      const { seen, adwin } = watch(seed, 500, 1_000, before, after);
      assert.ok(seen >= 0 && seen < bound, `${before} to ${after}, seed ${seed}: ${seen}`);
      assert.ok(Math.abs(adwin.mean - after) < 0.12, `the window holds what came after: ${adwin.mean}`);
    }
  }
});

drifts('without a change hardly one alarm in 100 streams of 1,000 labels, and the window keeps all of it', () => {
  let alarms = 0;
  for (let seed = 100; seed < 200; seed++) {
    const { early, adwin } = watch(seed, 1_000, 1_000, [0.02, 0.1, 0.3, 0.5][seed % 4]!, 0);
    alarms += early;
    if (early === 0) assert.is(adwin.width, 1_000);
  }
  assert.ok(alarms <= 2, `${alarms}`);
});

drifts('errors that become rarer are a fall, after which the window has forgotten them', () => {
  const random = createRandom(2);
  const adwin = new Adwin(0.002);
  const found = new Set<string>();
  for (let i = 0; i < 1_000; i++) found.add(adwin.add(random.float() < (i < 300 ? 0.6 : 0.1)));
  assert.equal([...found].sort(), ['fall', 'none']);
  assert.ok(adwin.mean < 0.2 && adwin.width >= 600, `${adwin.mean} of ${adwin.width}`);
});

drifts('the window is bounded: after two million observations its state is as large as before', () => {
  const adwin = new Adwin(0.002);
  for (let i = 0; i < 30; i++) adwin.add(false);
  // As if rows up to the last had been filled: what does not fit any more is let go.
  adwin.used.fill(5);
  const width = adwin.width;
  for (let i = 0; i < 100; i++) adwin.add(i % 10 === 0);
  assert.ok(adwin.width <= width, `${adwin.width}`);
  assert.ok(adwin.used.every((count) => count <= 5));
});

const OPTIONS = { distance: 0.3, calmWindows: 200, delta: 0.002 };
const FEATURES = 12;

/** Windows of normal features whose mean moves as told; every tenth is labelled, wrong with a given probability. */
const play = (
  seed: number,
  length: number,
  at: (window: number) => { mean: number; wrong: number },
): { episodes: DriftEpisodes; ends: number[]; begins: number[] } => {
  const random = createRandom(seed);
  const statistics = new StreamStatistics(FEATURES, 300, 1000);
  const episodes = new DriftEpisodes(OPTIONS);
  const z = new Float32Array(FEATURES);
  const [begins, ends]: number[][] = [[], []];
  for (let window = 0; window < length; window++) {
    const { mean, wrong } = at(window);
    // Half of it common to all features, as sensors of one machine have it.
    const common = random.normal();
    for (let i = 0; i < FEATURES; i++) z[i] = mean + 0.7 * common + 0.7 * random.normal();
    statistics.push(z);
    const before = episodes.count;
    if (episodes.window(statistics.distance())) ends!.push(window);
    if (window % 10 === 0) episodes.label(random.float() < wrong);
    if (episodes.count > before) begins!.push(window);
  }
  return { episodes, ends: ends!, begins: begins! };
};

drifts('a shift of the inputs begins one episode soon, which ends when they have come to rest, at its peak', () => {
  for (let seed = 0; seed < 8; seed++) {
    const { episodes, begins, ends } = play(seed, 5_000, (window) => ({ mean: window < 1_500 ? 0 : 1, wrong: 0.05 }));
    assert.equal([begins.length, ends.length], [1, 1], `seed ${seed}: ${begins} to ${ends}`);
    assert.ok(begins[0]! >= 1_500 && begins[0]! < 2_000, `seed ${seed}: begins ${begins}`);
    assert.ok(ends[0]! > 2_400 && ends[0]! < 5_000, `seed ${seed}: ends ${ends}`);
    assert.equal([episodes.open, episodes.cause], [false, 'inputs']);
    assert.equal([episodes.began, episodes.ended], [begins[0], ends[0]]);
    assert.ok(episodes.peak > 0.7 && episodes.peak < 1.1, `${episodes.peak}`);
  }
});

drifts('errors alone begin an episode too; it ends when no more of them come', () => {
  for (let seed = 0; seed < 8; seed++) {
    const { episodes, begins, ends } = play(seed, 9_000, (window) => ({ mean: 0, wrong: window < 4_000 ? 0.05 : 0.5 }));
    // The detector may find later that errors had risen further.
    assert.ok(begins.length >= 1 && begins.length <= 2 && ends.length === begins.length, `seed ${seed}: ${begins}`);
    assert.is(episodes.cause, 'errors');
    assert.ok(begins[0]! > 4_000 && begins[0]! < 4_800, `seed ${seed}: ${begins}`);
  }
});

drifts('where nothing drifts no episode begins: none in 40 streams of 2,000 windows', () => {
  let count = 0;
  for (let seed = 50; seed < 90; seed++) count += play(seed, 2_000, () => ({ mean: 0, wrong: 0.1 })).episodes.count;
  assert.is(count, 0);
});

drifts('a restored state goes on as the first', () => {
  const { episodes: first } = play(3, 1_700, (window) => ({ mean: window < 1_500 ? 0 : 1, wrong: 0.3 }));
  const second = new DriftEpisodes(OPTIONS);
  second.state.set(first.state);
  second.errors.yes.set(first.errors.yes);
  second.errors.used.set(first.errors.used);
  for (let window = 0; window < 900; window++) {
    const distance = 0.3 + Math.min(0.6, window / 500);
    assert.is(first.window(distance), second.window(distance));
    first.label(window % 3 === 0);
    second.label(window % 3 === 0);
  }
  assert.equal([...first.state, ...first.errors.used], [...second.state, ...second.errors.used]);
});

drifts.run();
