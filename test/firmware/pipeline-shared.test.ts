import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JournalEntry } from '../../firmware/journal.ts';
import { JUDGED_MAX } from '../../firmware/pipeline/shared-expert.ts';
import {
  createPipeline,
  type Decision,
  defaultPipelineOptions,
  expertNames,
  ownExpertNames,
  type Pipeline,
  type PipelineOptions,
} from '../../firmware/pipeline.ts';
import { randomClassifierFile } from '../support/classifier.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { taughtStream } from '../support/teacher.ts';

const SHAPE = { channels: 6, hidden: [16, 12], classes: 3, seed: 11 };
const MODEL = randomClassifierFile(SHAPE);
const STREAM = taughtStream({ classes: 3, channels: 6, rows: 600, seed: 4, drift: 0.5 });
const ADAPTERS = 3 * (16 + 12 + 3);
const SHARED = expertNames.indexOf('shared');

const create = (changes: Partial<PipelineOptions> = {}): Pipeline =>
  createPipeline({
    ...defaultPipelineOptions,
    ...{ model: MODEL, seed: 7, replayCapacity: 64, pendingWindows: 32, experts: expertNames },
    ...{ learning: { ...defaultPipelineOptions.learning, stepsPerLabel: 4 } },
    ...changes,
  });

const decide = (pipeline: Pipeline, index: number): Decision =>
  pipeline.decide({ samples: STREAM.values.subarray(index * 6, index * 6 + 6), index, valid: true });

/** Plays windows, all labels revealed; returns the journal it would have left. */
const play = (pipeline: Pipeline, from: number, to: number): JournalEntry[] => {
  const journal: JournalEntry[] = [];
  for (let index = from; index < to; index++) {
    decide(pipeline, index);
    const { slot, sequence, features } = pipeline.observe(index, STREAM.label[index]!);
    journal.push({ slot, sequence, window: `1-${index}`, label: STREAM.label[index]!, features: features.slice() });
    while (pipeline.owed > 0) pipeline.step();
  }
  return journal;
};

const snapshotOf = (pipeline: Pipeline): Uint8Array => {
  const bytes = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(bytes);
  return bytes;
};

const thetaOf = ({ shared }: Pipeline): Float64Array => {
  const theta = new Float64Array(shared!.size);
  shared!.read(theta);
  return theta;
};

/** What the shared expert says of windows beside the stream. */
const saidOf = (pipeline: Pipeline): readonly string[] =>
  Array.from({ length: 20 }, (_, i) => {
    const from = (500 + i) * 6;
    const { expertLabels, expertConfidences } = pipeline.probe(STREAM.values.subarray(from, from + 6));
    return `${expertLabels[SHARED]} ${expertConfidences[SHARED]}`;
  });

const shares = suite('shared expert');

shares('θ is B and bias of every adapter point and a number for each expert, in parts without gaps', () => {
  const { shared } = create();
  assert.is(shared!.size, ADAPTERS + expertNames.length - 1);
  let end = 0;
  for (const { offset, length } of shared!.parts) {
    assert.is(offset, end);
    end += length;
  }
  assert.is(end, shared!.size);
  assert.is(create({ experts: ownExpertNames }).shared, null, 'who shares with nobody does not pay for it');
  assert.is(create({ experts: ['frozen', 'renormalised'] }).shared, null);
});

shares('only what belongs to one model, one A and one layout has one lineage', () => {
  const lineage = (changes: Partial<PipelineOptions> = {}): string => create(changes).shared!.lineage;
  const own = lineage();
  assert.match(own, /^[0-9a-f]{16}$/);
  assert.is(
    lineage({ seed: 8, experts: ['frozen', 'local', 'shared'] }),
    own,
    'chance and other experts do not matter',
  );
  assert.is.not(lineage({ model: randomClassifierFile({ ...SHAPE, seed: 12 }) }), own);
  assert.is.not(lineage({ adapterSeed: '0123456789abcdef' }), own);
  assert.is.not(lineage({ learning: { ...defaultPipelineOptions.learning, rank: 3 } }), own);
  assert.is.not(lineage({ learning: { ...defaultPipelineOptions.learning, scaling: 2 } }), own);
});

shares('it learns beside the local expert, which learns as it would alone', () => {
  const [both, alone] = [create(), create({ experts: ownExpertNames })];
  for (const pipeline of [both, alone]) play(pipeline, 0, 60);
  const local = ({ adaptation }: Pipeline) =>
    adaptation!.adapters.points.map(({ loraB, bias }) => [[...loraB], [...bias]]);
  assert.equal(local(both), local(alone));
  assert.ok(
    thetaOf(both)
      .subarray(0, ADAPTERS)
      .some((value) => Math.abs(value) > 0.01),
  );
  assert.is(both.steps.taken, alone.steps.taken, 'a label pays for one step of each');
});

shares('nodes that write the same θ say the same', () => {
  const [one, other] = [create(), create({ seed: 8 })];
  play(one, 0, 40);
  play(other, 40, 80);
  assert.is.not(saidOf(one).join(), saidOf(other).join());
  const [a, b] = [thetaOf(one), thetaOf(other)];
  const mean = a.map((value, i) => Math.fround((value + b[i]!) / 2));
  for (const { shared } of [one, other]) shared!.write(mean);
  assert.equal(thetaOf(one), mean);
  assert.equal(saidOf(one), saidOf(other));
});

shares('judging another θ costs nothing but time, and tells the learned from the poisoned', () => {
  const pipeline = create();
  assert.is(pipeline.shared!.judge(thetaOf(pipeline)), 0, 'before the first label');
  play(pipeline, 0, 90);
  const theta = thetaOf(pipeline);
  const [before, said] = [snapshotOf(pipeline), saidOf(pipeline)];
  const learned = pipeline.shared!.judge(theta);
  const unlearned = pipeline.shared!.judge(theta.map(() => 0));
  const poisoned = pipeline.shared!.judge(theta.map((value) => -3 * value));
  assert.ok(learned < 0.8 * unlearned && unlearned < 0.8 * poisoned, `${learned} < ${unlearned} < ${poisoned}`);
  assert.equal(snapshotOf(pipeline), before);
  assert.equal(saidOf(pipeline), said);
  assert.is(pipeline.shared!.judge(theta), learned);
  assert.ok(JUDGED_MAX < 90, 'there were more windows than are judged');
});

shares('what the fleet found of the experts counts, within bounds, and what a node finds itself counts more', () => {
  const theta = (gain: number): Float64Array => {
    const values = new Float64Array(ADAPTERS + expertNames.length - 1);
    return values.fill(gain, ADAPTERS + SHARED - 1, ADAPTERS + SHARED);
  };
  const weightOf = (pipeline: Pipeline, index: number): number => decide(pipeline, index).weights[SHARED]!;
  const [told, lied, untold] = [create(), create(), create()];
  const prior = weightOf(untold, 0);
  told.shared!.write(theta(0.02));
  lied.shared!.write(theta(1e9));
  const odds = (weight: number): number => weight / (1 - weight);
  assert.ok(Math.abs(odds(weightOf(told, 0)) / odds(prior) - Math.exp(2)) < 1e-3, '100 labels of 0.02 nats');
  assert.ok(Math.abs(odds(weightOf(lied, 0)) / odds(prior) - Math.exp(3)) < 1e-3, 'at most 3 nats');
  const alone = create();
  for (const pipeline of [lied, alone]) play(pipeline, 1, 40);
  assert.ok(odds(weightOf(lied, 40)) < 40 * odds(weightOf(alone, 40)), 'no more than was promised');
  const own = thetaOf(alone).subarray(ADAPTERS);
  assert.ok(own[expertNames.indexOf('local') - 1]! > 0, 'local is better than frozen, and says so');
});

shares('nothing is allocated per window, label, step and mixing', () => {
  const pipeline = create();
  play(pipeline, 0, 20);
  const input = { samples: new Float32Array(6), index: 0, valid: true };
  const theta = thetaOf(pipeline);
  const allocated = countTypedArrays(() => {
    for (let index = 20; index < 60; index++) {
      input.index = index;
      for (let c = 0; c < 6; c++) input.samples[c] = STREAM.values[index * 6 + c]!;
      pipeline.decide(input);
      pipeline.observe(index, STREAM.label[index]!);
      while (pipeline.owed > 0) pipeline.step();
      pipeline.shared!.read(theta);
      pipeline.shared!.judge(theta);
      pipeline.shared!.write(theta);
    }
  });
  assert.is(allocated, 0);
});

shares('a snapshot restored goes on bit for bit, also in the middle of what the fleet believes', () => {
  const experts = expertNames.filter((name) => name !== 'linear');
  const [first, second] = [create({ experts }), create({ experts })];
  const journal = play(first, 0, 50);
  first.shared!.write(thetaOf(first).map((value) => value / 2));
  journal.push(...play(first, 50, 80));
  const bySlot = new Map(journal.map((entry) => [entry.slot, entry]));
  second.restore(snapshotOf(first), [...bySlot.values()]);
  assert.equal(saidOf(second), saidOf(first));
  for (const pipeline of [first, second]) {
    play(pipeline, 80, 120);
    pipeline.shared!.write(thetaOf(pipeline).map((value) => value / 2));
  }
  assert.equal(snapshotOf(second), snapshotOf(first));
});

shares('what was learned before there was anybody to share with is kept', () => {
  const old = JSON.parse(readFileSync(new URL('../vectors/learning-state-v2.json', import.meta.url), 'utf8'));
  const version2 = Buffer.from(old.base64, 'base64');
  const { learning } = defaultPipelineOptions;
  const alone = create({ experts: ownExpertNames, learning });
  alone.restore(version2, []);
  const version3 = snapshotOf(alone);
  const rounded = (values: Float32Array): string[] => Array.from(values, (value) => value.toFixed(4));
  for (const stored of [version2, version3]) {
    const together = create({ learning });
    together.restore(stored, []);
    const { expertConfidences, weights } = decide(together, 20);
    assert.equal(rounded(expertConfidences).slice(0, 2), old.expertConfidences.slice(0, 2));
    assert.ok(Math.abs(expertConfidences[2]! - old.expertConfidences[2]) < 0.05, 'local is what it had learned to be');
    assert.ok(thetaOf(together).every((value) => value === 0));
    const others = [...weights].filter((_, e) => e !== SHARED);
    const sum = others.reduce((total, weight) => total + weight, 0);
    assert.ok(others.every((weight, e) => Math.abs(weight / sum - Number(old.weights[e])) < 1e-4));
  }
});

shares.run();
