import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newAgentState, WAITING_MAX } from '../../../protocols/coordinator/agent.ts';
import type { Update, ValueCodec } from '../../../protocols/coordinator/contract.ts';
import { createCoordinator, exactCodec, Learner, LINEAGE, mix, SIZE, tick } from '../../support/star.ts';

const star = suite('star');

const update = (fields: Partial<Update> & { by?: readonly number[] } = {}): Update => {
  const { by = [1, 0, 0], ...rest } = fields;
  const common = { lineage: LINEAGE, version: 0, life: 1, since: 0, number: 1, labels: 5, before: 1, after: 0.5 };
  return { ...common, ...rest, delta: exactCodec.pack(Float64Array.from(by)) };
};

star('a coordinator without its disk goes on from what the broker kept', () => {
  const first = createCoordinator();
  const learner = new Learner('a1');
  learner.learn(0);
  first.received('a1', learner.update());
  const kept = mix(first);
  learner.agent.adopt(kept);
  learner.learn(1);
  const second = createCoordinator();
  assert.ok(second.resume(kept));
  assert.is(second.received('a1', learner.update()), null);
  learner.agent.adopt(mix(second));
  assert.equal([...second.state.values], [1, 1, 0]);
  assert.equal(learner.parameters, [1, 1, 0]);
});

star('what an answer on the way does not cover is told again to a coordinator that has it from the broker', () => {
  const first = createCoordinator();
  const learner = new Learner('a1');
  learner.learn(0);
  first.received('a1', learner.update());
  const kept = mix(first);
  // The agent has not read the answer: its next update holds the first one as well.
  learner.learn(1);
  const second = createCoordinator();
  second.resume(kept);
  assert.is(second.received('a1', learner.update()), 'unknownBase');
  learner.agent.adopt(kept);
  assert.ok(learner.agent.isDue(learner.labels, 1_000), 'its update has lost its foundation');
  assert.is(second.received('a1', learner.update()), null);
  learner.agent.adopt(mix(second));
  assert.equal([...second.state.values], [1, 1, 0]);
  assert.equal(learner.parameters, [1, 1, 0]);
});

star('what a coordinator heard before it remembered is held to what it remembers', () => {
  const first = createCoordinator();
  first.received('a1', update());
  const kept = mix(first);
  const second = createCoordinator();
  // Of the first update again, and more: without a memory it looks like a newcomer's.
  assert.is(second.received('a1', update({ number: 2, by: [1, 1, 0] })), null);
  assert.is(second.received('a2', update({ by: [0, 0, 1] })), null);
  second.resume(kept);
  assert.equal(
    second.round().map(({ agent }) => agent),
    ['a2'],
  );
});

star('after a coordinator has lost everything, what no answer covers is not lost', () => {
  const first = createCoordinator();
  const learner = new Learner('a1');
  learner.learn(0);
  first.received('a1', learner.update());
  learner.agent.adopt(mix(first));
  learner.learn(1);
  const second = createCoordinator();
  second.received('a1', learner.update());
  learner.agent.adopt(mix(second));
  assert.equal([...second.state.values], [0, 1, 0], 'what only the lost state knew is gone');
  assert.equal(learner.parameters, [0, 1, 0]);
  assert.is(learner.agent.outstanding, null);
});

star('an agent that has lost its memory is another agent', () => {
  const coordinator = createCoordinator();
  const before = new Learner('a1');
  before.learn(0);
  coordinator.received('a1', before.update());
  mix(coordinator);
  const after = new Learner('a1', newAgentState(2, new Float64Array(SIZE), 0));
  after.agent.adopt(coordinator.adapter);
  after.learn(1);
  assert.is(coordinator.received('a1', after.update()), null);
  after.agent.adopt(mix(coordinator));
  assert.equal([...coordinator.state.values], [1, 1, 0]);
  assert.equal(after.parameters, [1, 1, 0]);
});

star('updates without gain or that hurt are answered and not mixed; the agent takes back what they held', () => {
  const coordinator = createCoordinator({ gainMin: 0.05 });
  coordinator.received('idle', update({ after: 0.99 }));
  coordinator.received('bad', update({ by: [0, 0, 2] }));
  coordinator.received('good', update({ by: [0, 1, 1] }));
  const learner = new Learner('refused');
  learner.learn(0);
  coordinator.received('refused', learner.update());
  const round = coordinator.round();
  const losses = round.map(({ values }) => values[2]! / 10);
  const adapter = coordinator.mix(round, { now: 0, alone: losses });
  const verdicts = Object.fromEntries(adapter.answers.map(({ agent, verdict }) => [agent, verdict]));
  assert.equal(verdicts, { bad: 'hurts', good: 'taken', idle: 'noGain', refused: 'noGain' });
  assert.equal([...coordinator.state.values], [0, 1, 1]);
  learner.agent.adopt(adapter);
  assert.equal(learner.parameters, [0, 1, 1]);
});

star('another model, a repeated update, too few labels and values out of all bounds are refused', () => {
  const strict: ValueCodec = {
    ...exactCodec,
    unpack: (it) => (it.values.length === 24 ? exactCodec.unpack(it) : null),
  };
  const coordinator = createCoordinator({ codec: strict, labelsMin: 5 });
  const short = { scales: new Uint8Array(0), values: new Uint8Array(5) };
  assert.is(coordinator.received('a1', update({ lineage: 'fedcba9876543210' })), 'lineage');
  assert.is(coordinator.received('a1', { ...update(), delta: short }), 'shape');
  assert.is(coordinator.received('a1', update({ by: [0, 1e9, 0] })), 'shape');
  assert.is(coordinator.received('a1', update({ labels: 4 })), 'tooFewLabels');
  assert.is(coordinator.received('a1', update()), null);
  assert.is(coordinator.received('a1', update()), 'repeated');
  mix(coordinator);
  assert.is(coordinator.received('a1', update()), 'repeated');
});

star('few agents wait for others, but not for ever', () => {
  const coordinator = createCoordinator({ agentsMin: 3 });
  coordinator.received('a1', update());
  assert.is(tick(coordinator, 0), null);
  assert.is(tick(coordinator, 150), null);
  assert.is(tick(coordinator, 200)?.version, 1);
});

star('the least recently heard agent is forgotten at the bound', () => {
  const coordinator = createCoordinator({ agentsMax: 2 });
  for (const name of ['a1', 'a2', 'a3']) {
    coordinator.received(name, update());
    mix(coordinator);
  }
  assert.equal([...coordinator.state.ledgers.keys()], ['a2', 'a3']);
});

star('an agent speaks when it has learned enough, and hands over what lies nowhere else', () => {
  const { agent } = new Learner('a1');
  const values = new Float64Array(SIZE);
  const make = (labels: number, now: number) => agent.make({ values, labels, before: 1, after: 1 }, now);
  assert.not(agent.isDue(0, 0) || agent.mayHandOver(0));
  assert.ok(agent.isDue(1, 0) && agent.mayHandOver(1));
  make(1, 0);
  assert.not(agent.isDue(2, 39), 'an answer may take a while');
  assert.not(agent.isDue(1, 40) || agent.mayHandOver(1), 'there is nothing more to tell');
  assert.ok(agent.isDue(2, 40));
  make(2, 40);
  make(3, 80);
  assert.not(agent.isDue(9, 120), 'the last place is for the end');
  assert.ok(agent.mayHandOver(9));
  make(9, 120);
  assert.not(agent.mayHandOver(10));
  assert.is(agent.state.waiting.length, WAITING_MAX);
  assert.is(agent.outstanding?.number, WAITING_MAX);
  const answers = [{ agent: 'a1', life: 1, number: 4, verdict: 'taken' as const }];
  agent.adopt({ lineage: LINEAGE, version: 1, values: exactCodec.pack(values), answers });
  assert.not(agent.isDue(10, 129), 'a period has to pass');
  assert.ok(agent.isDue(10, 130));
});

star('what an adapter is rounded to is not what the coordinator keeps: small steps add up', () => {
  const coarse: ValueCodec = { ...exactCodec, pack: (values) => exactCodec.pack(values.map(Math.round)) };
  const coordinator = createCoordinator({ codec: coarse });
  for (let number = 1; number <= 4; number++) {
    coordinator.received('a1', update({ number, since: number - 1, by: [0.25, 0, 0] }));
    mix(coordinator);
  }
  assert.equal([...exactCodec.unpack(coordinator.adapter.values)!], [1, 0, 0]);
});

star.run();
