import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type GossipStep, roundsOf, stepsOf } from '../../../protocols/gossip/schedule.ts';

const schedule = suite('gossip: schedule');
const counts = [...Array.from({ length: 256 }, (_, i) => i + 2), 1_024];
const allSteps = (count: number): readonly (readonly GossipStep[])[] =>
  Array.from({ length: count }, (_, index) => stepsOf(count, index));

/** The schedule in plain arithmetic: all mass of a round moves at once. Estimates s / w. */
function average(count: number, values: readonly number[]): readonly number[] {
  const [s, w] = [[...values], values.map(() => 1)];
  const steps = allSteps(count);
  for (let round = 0; round < roundsOf(count); round++) {
    const moved = steps.flatMap((own, i) =>
      own
        .filter((step) => step.round === round && step.gives !== 'nothing')
        .map(({ peer, gives }) => ({ i, peer, share: gives === 'all' ? 1 : 0.5, s: s[i]!, w: w[i]! })),
    );
    for (const { i, peer, share, s: sum, w: weight } of moved) {
      s[i] = s[i]! - share * sum;
      w[i] = w[i]! - share * weight;
      s[peer] = s[peer]! + share * sum;
      w[peer] = w[peer]! + share * weight;
    }
  }
  return s.map((sum, i) => sum / w[i]!);
}

schedule('the average is exact for every number of members, in at most ⌈log2 N⌉ + 1 rounds', () => {
  for (const count of counts) {
    assert.ok(roundsOf(count) <= Math.ceil(Math.log2(count)) + 1, `${count}`);
    const values = Array.from({ length: count }, (_, i) => Math.sin(i * i + 1));
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    for (const estimate of average(count, values)) assert.ok(Math.abs(estimate - mean) < 1e-12, `${count}`);
  }
});

schedule('in every round a node has one partner, which means it too, and one of the two speaks first', () => {
  for (const count of counts) {
    const steps = allSteps(count);
    for (const [i, own] of steps.entries()) {
      own.forEach((step, at) => {
        assert.ok(step.round < roundsOf(count) && (at === 0 || own[at - 1]!.round < step.round));
        const [back, ...more] = steps[step.peer]!.filter(({ round }) => round === step.round);
        assert.ok(back !== undefined && more.length === 0 && back.peer === i, `${count}: ${i} in ${step.round}`);
        assert.is(back.first, !step.first);
        assert.is(back.takes, step.gives !== 'nothing');
      });
    }
  }
});

schedule('a node alone has nothing to do', () => {
  assert.equal(stepsOf(1, 0), []);
  assert.is(roundsOf(1), 0);
});
schedule.run();
