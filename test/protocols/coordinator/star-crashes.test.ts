import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../../kernels/random.ts';
import { createCodec } from '../../../protocols/codec.ts';
import type { CommonAdapter, Update } from '../../../protocols/coordinator/contract.ts';
import {
  decodeAgentState,
  decodeCoordinatorState,
  encodeAgentState,
  encodeCoordinatorState,
} from '../../../protocols/coordinator/state.ts';
import { createCoordinator, Learner, LINEAGE, SIZE, sum, tick } from '../../support/star.ts';

/** `.ci/run` asks for 2000. */
const SEEDS = Number(process.env.STAR_SEEDS ?? 10);
const STEPS = 400;
/** From here on everything arrives, and nobody dies. */
const CALM = 300;
const codec = createCodec();
const owner = { lineage: LINEAGE, size: SIZE };

/** An agent that may be killed at any step, and comes back with what is on its disk. */
class MortalLearner extends Learner {
  private disk = encodeAgentState(codec, LINEAGE, this.agent.state);
  private snapshot = { values: this.values, labels: 0 };

  save(): void {
    this.disk = encodeAgentState(codec, LINEAGE, this.agent.state);
  }

  keep(): void {
    this.snapshot = { values: this.values, labels: this.labels };
  }

  /** Labels are on disk; the steps since the snapshot are taken again, and need not lead to the same place. */
  die(at: number): void {
    const { labels } = this;
    this.open(decodeAgentState(codec, owner, this.disk)!);
    this.values = this.snapshot.values;
    for (let again = this.snapshot.labels; again < labels; again++) this.learn(at);
    this.labels = labels;
  }
}

const crashes = suite('star: crashes');

const play = (seed: number): void => {
  const random = createRandom(seed, 'star');
  const chance = (share: number): boolean => random.integer(1_000) < share * 1_000;
  let coordinator = createCoordinator();
  let disk: Uint8Array | null = null;
  const learners = ['a1', 'a2', 'a3'].map((name) => new MortalLearner(name));
  /** Retained messages as the broker has them, and old ones that may still arrive. */
  const retained: (Update | null)[] = [null, null, null];
  const late: [number, Update][] = [];
  let published: CommonAdapter | null = null;
  const send = (i: number, now: number): void => {
    const update = learners[i]!.update(now);
    if (now <= CALM * 10 && chance(0.1)) return; // Killed before it was on disk: `die` follows.
    learners[i]!.save();
    retained[i] = update;
    late.push([i, update]);
  };
  for (let step = 0; step < STEPS; step++) {
    const now = step * 10;
    const calm = step > CALM;
    for (const [i, learner] of learners.entries()) {
      if (!calm && chance(0.3)) learner.learn(random.integer(SIZE));
      if (step === CALM + 1) learner.learn(0);
      if (chance(0.2)) learner.keep();
      const { agent, labels } = learner;
      const before = agent.state.made;
      if (chance(0.1) ? agent.mayHandOver(labels) : agent.isDue(labels, now)) send(i, now);
      const isUnsaved = agent.state.made > before && retained[i]?.number !== agent.state.made;
      if (isUnsaved || (!calm && chance(0.05))) learner.die(random.integer(SIZE));
      if (retained[i] !== null && (calm || chance(0.3))) coordinator.received(`a${i + 1}`, retained[i]!);
      if (published !== null && (calm || chance(0.2))) learner.agent.adopt(published);
    }
    if (late.length > 0 && chance(0.3)) {
      const [i, update] = late[random.integer(late.length)]!;
      coordinator.received(`a${i + 1}`, update);
    }
    const next = tick(coordinator, now);
    if (next !== null) disk = encodeCoordinatorState(codec, LINEAGE, coordinator.state);
    const hasDied = !calm && chance(0.05);
    if (!hasDied) {
      published = next ?? published;
      continue;
    }
    // With its disk, or without it and with what the broker has retained.
    const state = chance(0.7) && disk !== null ? decodeCoordinatorState(codec, owner, disk)! : undefined;
    coordinator = createCoordinator({}, state);
    if (state !== undefined) published = coordinator.adapter;
    else if (published !== null) coordinator.resume(published);
  }
  const all = [...sum(learners.map(({ values }) => values))];
  assert.equal([...coordinator.state.values], all, `seed ${seed}`);
  for (const { parameters } of learners) assert.equal(parameters, all, `seed ${seed}`);
};

crashes('nothing is lost or counted twice, whatever the network does and whoever is killed at any step', () => {
  for (let seed = 0; seed < SEEDS; seed++) play(seed);
});

crashes.run();
