import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../../kernels/random.ts';
import { CoordinatedAgent } from '../../../protocols/coordinator/agent.ts';
import type { CommonAdapter, Update, ValueCodec } from '../../../protocols/coordinator/contract.ts';
import { Coordinator } from '../../../protocols/coordinator/coordinator.ts';

const SIZE = 3;
const LINEAGE = '0123456789abcdef';
/** Exact for the small whole numbers that these tests learn. */
const codec: ValueCodec = {
  pack: (values) => ({ scales: new Uint8Array(0), values: new Uint8Array(values.slice().buffer) }),
  unpack: ({ values }) => new Float64Array(values.slice().buffer),
};
const sum = (increments: readonly Float64Array[]): Float64Array =>
  increments.reduce((total, increment) => total.map((value, i) => value + increment[i]!), new Float64Array(SIZE));

const createCoordinator = (overrides = {}): Coordinator =>
  new Coordinator({
    ...{ lineage: LINEAGE, size: SIZE, codec, periodMs: 100, agentsMin: 1, agentsMax: 16, combine: sum },
    ...{ labelsMin: 1, gainMin: 0, hurtMax: 0.1, judge: () => null, ...overrides },
  });
const createAgent = (name: string): CoordinatedAgent =>
  new CoordinatedAgent({ name, lineage: LINEAGE, size: SIZE, codec, labelsMin: 1, periodMs: 10 });

/** A learner whose every label adds one to one of its parameters. */
class Learner {
  values: Float64Array = new Float64Array(SIZE);
  labels = 0;
  readonly own = new Float64Array(SIZE);
  judge = (): number => 0;

  constructor(readonly agent: CoordinatedAgent) {}

  learn(at: number): void {
    this.values[at]!++;
    this.own[at]!++;
    this.labels++;
  }

  adopt(adapter: CommonAdapter): void {
    this.values = this.agent.adopt(adapter, this.values) ?? this.values;
  }
}

const star = suite('coordinator');

star('nothing is lost or counted twice, whatever the network does and whenever an agent hands over', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = createRandom(seed, 'star');
    const coordinator = createCoordinator();
    const learners = ['a1', 'a2', 'a3'].map((name) => new Learner(createAgent(name)));
    /** Retained messages as the broker has them, and old ones that may still arrive. */
    const retained: (Update | null)[] = [null, null, null];
    const late: [number, Update][] = [];
    let published: CommonAdapter | null = null;
    const chance = (share: number): boolean => random.integer(1000) < share * 1000;
    const send = (i: number, update: Update | null): void => {
      if (update === null) return;
      retained[i] = update;
      late.push([i, update]);
    };
    for (let now = 0; now < 4_000; now += 10) {
      const calm = now > 3_000;
      for (const [i, learner] of learners.entries()) {
        if (!calm && chance(0.3)) learner.learn(random.integer(SIZE));
        send(i, chance(0.2) ? learner.agent.handOver(learner) : learner.agent.tick(learner, now));
        if (retained[i] !== null && (calm || chance(0.3))) coordinator.received(`a${i + 1}`, 1, retained[i]!);
        if (published !== null && (calm || chance(0.2))) learner.adopt(published);
      }
      if (late.length > 0 && chance(0.3)) {
        const [i, update] = late[random.integer(late.length)]!;
        coordinator.received(`a${i + 1}`, 1, update);
      }
      published = coordinator.tick(now) ?? published;
    }
    const all = sum(learners.map(({ own }) => own));
    assert.equal([...coordinator.state.values], [...all], `seed ${seed}`);
    for (const { values } of learners) assert.equal([...values], [...all], `seed ${seed}`);
  }
});

star('a coordinator without its disk goes on from what the broker kept', () => {
  const first = createCoordinator();
  const learner = new Learner(createAgent('a1'));
  learner.learn(0);
  first.received('a1', 1, learner.agent.tick(learner, 0)!);
  first.tick(0);
  const kept = first.tick(100)!;
  learner.adopt(kept);
  learner.learn(1);
  const update = learner.agent.tick(learner, 100)!;
  const second = createCoordinator();
  assert.ok(second.resume(kept));
  assert.is(second.received('a1', 1, update), null);
  second.tick(200);
  learner.adopt(second.tick(300)!);
  assert.equal([...second.state.values], [1, 1, 0]);
  assert.equal([...learner.values], [1, 1, 0]);
});

star('a coordinator that has lost everything is told again what no answer covers', () => {
  const first = createCoordinator();
  const learner = new Learner(createAgent('a1'));
  learner.learn(0);
  first.received('a1', 1, learner.agent.tick(learner, 0)!);
  first.tick(0);
  learner.adopt(first.tick(100)!);
  learner.learn(1);
  const second = createCoordinator();
  second.received('a1', 1, learner.agent.tick(learner, 100)!);
  second.tick(200);
  learner.adopt(second.tick(300)!);
  assert.is(learner.agent.outstanding, null);
  second.received('a1', 1, learner.agent.tick(learner, 400)!);
  second.tick(400);
  learner.adopt(second.tick(500)!);
  assert.equal(
    [...second.state.values],
    [0, 1, 0],
    'what only the lost state knew is gone; what was not answered is not',
  );
  assert.equal([...learner.values], [0, 1, 0]);
});

star('an update without labels, without gain or that hurts is answered, and not mixed', () => {
  const coordinator = createCoordinator({ labelsMin: 2, gainMin: 0.05, judge: (v: Float64Array) => v[2]! / 10 });
  const delta = (...values: number[]) => codec.pack(new Float64Array(values));
  const base = { lineage: LINEAGE, version: 0, since: 0, number: 1, labels: 5, before: 1, after: 0.5 };
  coordinator.received('few', 1, { ...base, labels: 1, delta: delta(1, 0, 0) });
  coordinator.received('idle', 1, { ...base, after: 0.99, delta: delta(1, 0, 0) });
  coordinator.received('bad', 1, { ...base, delta: delta(0, 0, 2) });
  coordinator.received('good', 1, { ...base, delta: delta(0, 1, 1) });
  coordinator.tick(0);
  const { answers } = coordinator.tick(100)!;
  const verdicts = Object.fromEntries(answers.map(({ agent, verdict }) => [agent, verdict]));
  assert.equal(verdicts, { bad: 'hurts', few: 'tooFewLabels', good: 'taken', idle: 'noGain' });
  assert.equal([...coordinator.state.values], [0, 1, 1]);
});

star('another model, a repeated update and a shape that does not fit are refused', () => {
  const strict: ValueCodec = { ...codec, unpack: (coded) => (coded.values.length === 24 ? codec.unpack(coded) : null) };
  const coordinator = createCoordinator({ codec: strict });
  const update: Update = {
    ...{ lineage: LINEAGE, version: 0, since: 0, number: 1, labels: 1, before: 1, after: 0 },
    delta: codec.pack(new Float64Array(SIZE)),
  };
  assert.is(coordinator.received('a1', 1, { ...update, lineage: 'fedcba9876543210' }), 'lineage');
  assert.is(
    coordinator.received('a1', 1, { ...update, delta: { scales: new Uint8Array(0), values: new Uint8Array(5) } }),
    'shape',
  );
  assert.is(coordinator.received('a1', 1, update), null);
  assert.is(coordinator.received('a1', 1, update), 'repeated');
});

star('few agents wait for others, but not for ever', () => {
  const coordinator = createCoordinator({ agentsMin: 3 });
  const learner = new Learner(createAgent('a1'));
  learner.learn(0);
  coordinator.received('a1', 1, learner.agent.tick(learner, 0)!);
  assert.is(coordinator.tick(0), null);
  assert.is(coordinator.tick(150), null);
  assert.is(coordinator.tick(200)?.version, 1);
});

star('the least recently heard agent is forgotten at the bound', () => {
  const coordinator = createCoordinator({ agentsMax: 2 });
  for (const [at, name] of ['a1', 'a2', 'a3'].entries()) {
    const learner = new Learner(createAgent(name));
    learner.learn(0);
    coordinator.received(name, 1, learner.agent.tick(learner, 0)!);
    coordinator.tick(at * 1_000);
    coordinator.tick(at * 1_000 + 100);
  }
  assert.equal([...coordinator.state.ledgers.keys()], ['a2', 'a3']);
});

star.run();
