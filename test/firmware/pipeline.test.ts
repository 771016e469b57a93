import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import type { JournalEntry } from '../../firmware/journal.ts';
import {
  createPipeline,
  type Decision,
  defaultPipelineOptions,
  ownExpertNames,
  type Pipeline,
  type PipelineOptions,
} from '../../firmware/pipeline.ts';
import { ModelError } from '../../kernels/errors.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { cardOf, randomClassifier, randomClassifierFile } from '../support/classifier.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { taughtStream } from '../support/teacher.ts';

const SHAPE = { channels: 6, hidden: [16, 12], classes: 3, seed: 11 };
const MODEL = randomClassifierFile(SHAPE);
const STREAM = taughtStream({ classes: 3, channels: 6, rows: 600, seed: 4, drift: 0.5 });

const options = (changes: Partial<PipelineOptions> = {}): PipelineOptions => ({
  ...defaultPipelineOptions,
  ...{ model: MODEL, seed: 7, replayCapacity: 64, pendingWindows: 32 },
  ...changes,
});

const rowOf = (index: number): Float32Array => STREAM.values.subarray(index * 6, index * 6 + 6);

const decide = (pipeline: Pipeline, index: number): Decision =>
  pipeline.decide({ samples: rowOf(index), index, valid: true });

/** Plays windows, all labels revealed; returns the journal it would have left. */
const play = (pipeline: Pipeline, from: number, to: number, pay = true): JournalEntry[] => {
  const journal: JournalEntry[] = [];
  for (let index = from; index < to; index++) {
    decide(pipeline, index);
    const { slot, sequence, features, result } = pipeline.observe(index, STREAM.label[index]!);
    assert.is(result, 'learned');
    journal.push({ slot, sequence, window: `1-${index}`, label: STREAM.label[index]!, features: features.slice() });
    while (pay && pipeline.owed > 0) pipeline.step();
  }
  return journal;
};

const snapshotOf = (pipeline: Pipeline): Uint8Array => {
  const bytes = new Uint8Array(pipeline.snapshotBytes);
  assert.is(pipeline.snapshot(bytes), bytes.length);
  return bytes;
};

const refusal = (create: () => unknown): ModelError => {
  try {
    create();
  } catch (error) {
    assert.instance(error, ModelError);
    return error as ModelError;
  }
  throw new Error('was not refused');
};

const nodeErrorOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    assert.instance(error, NodeError);
    return (error as NodeError).code;
  }
  return 'none';
};

const pipelines = suite('pipeline');

pipelines('decides by a distribution, and says what every expert thinks', () => {
  const pipeline = createPipeline(options());
  assert.equal(pipeline.experts, ['frozen', 'renormalised', 'local', 'linear', 'context']);
  assert.is(pipeline.featureCount, 6);
  assert.is(pipeline.adapterParameters, (16 + 12 + 3) * 3 + 2 * (6 + 16 + 12));
  const decision = decide(pipeline, 0);
  assert.is(decision.valid, true);
  assert.ok(Math.abs(decision.probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-6);
  assert.is(decision.confidence, decision.probabilities[decision.label]);
  assert.ok(Math.abs(decision.weights.reduce((sum, w) => sum + w, 0) - 1) < 1e-6);
  assert.ok(decision.weights[0]! > decision.weights[1]!, 'the prior favours the frozen expert');
  assert.is(decision.expertLabels[2], decision.expertLabels[0], 'local equals frozen before it learns');
  assert.is(decision.expertConfidences[2], decision.expertConfidences[0]);
});

pipelines('learning from labels makes local and mixture right where frozen is not, through a drift', () => {
  const pipeline = createPipeline(options());
  const right = { frozen: 0, local: 0, mixture: 0 };
  for (let index = 0; index < 600; index++) {
    const { expertLabels, label } = decide(pipeline, index);
    const truth = STREAM.label[index]!;
    if (index >= 100) {
      right.frozen += expertLabels[0] === truth ? 1 : 0;
      right.local += expertLabels[2] === truth ? 1 : 0;
      right.mixture += label === truth ? 1 : 0;
    }
    if (index % 3 === 0) pipeline.observe(index, truth);
    while (pipeline.owed > 0) pipeline.step();
  }
  assert.ok(right.frozen < 350, `frozen ${right.frozen}`);
  assert.ok(right.local > 450, `local ${right.local}`);
  assert.ok(right.mixture > 450, `mixture ${right.mixture}`);
});

pipelines('with rate 0 the frozen expert is what the model alone says, for ever', () => {
  const learned = createPipeline(options());
  const alone = createPipeline(options({ experts: ['frozen'] }));
  assert.equal(alone.experts, ['frozen']);
  play(learned, 0, 100);
  for (let index = 100; index < 140; index++) {
    const frozen = decide(learned, index).expertConfidences[0];
    assert.is(decide(alone, index).expertConfidences[0], frozen);
  }
});

pipelines('every label gets its answer: learned, duplicate, conflict, unknown window, unknown class', () => {
  const pipeline = createPipeline(options());
  for (let index = 0; index < 40; index++) decide(pipeline, index);
  const result = (index: number, label: number): string => pipeline.observe(index, label).result;
  assert.is(result(39, 1), 'learned');
  assert.is(result(39, 1), 'duplicate');
  assert.is(result(39, 2), 'conflict');
  assert.is(result(39, 1), 'duplicate');
  assert.is(result(8, 0), 'learned');
  assert.is(result(7, 0), 'unknownWindow', 'the ring holds 32 windows');
  assert.is(result(40, 0), 'unknownWindow');
  for (const wrong of [-1, 3, 0.5, Number.NaN]) assert.is(result(20, wrong), 'unknownClass');
  for (const wrong of [-1, 0.5, Number.NaN, Infinity]) assert.is(result(wrong, 0), 'unknownWindow');
  const { sequence, slot } = pipeline.observe(20, 1);
  assert.equal([sequence, slot], [2, 2]);
});

pipelines('each label owes its steps; a step pays one', () => {
  const pipeline = createPipeline(options());
  play(pipeline, 0, 3, false);
  const { stepsPerLabel } = defaultPipelineOptions.learning;
  assert.is(pipeline.owed, 3 * stepsPerLabel);
  pipeline.step();
  assert.is(pipeline.owed, 3 * stepsPerLabel - 1);
  while (pipeline.owed > 0) pipeline.step();
  pipeline.step();
  assert.is(pipeline.owed, 0);
});

pipelines('a window that is not valid or gives no numbers is not judged and leaves no trace', () => {
  const [pipeline, other] = [createPipeline(options()), createPipeline(options())];
  play(pipeline, 0, 20);
  play(other, 0, 20);
  const before = snapshotOf(pipeline);
  for (const broken of [
    { samples: rowOf(20), index: 20, valid: false },
    { samples: Float32Array.from(rowOf(20)).fill(Number.NaN, 2, 3), index: 21, valid: true },
    { samples: Float32Array.from(rowOf(20)).fill(Infinity, 5), index: 22, valid: true },
  ]) {
    const decision = pipeline.decide(broken);
    assert.is(decision.valid, false);
    assert.is(decision.label, -1);
    assert.equal(Array.from(decision.expertLabels), [-1, -1, -1, -1, -1]);
    assert.is(pipeline.observe(broken.index, 0).result, 'unknownWindow');
  }
  assert.equal(snapshotOf(pipeline), before);
  assert.equal(Array.from(decide(pipeline, 23).probabilities), Array.from(decide(other, 23).probabilities));
});

pipelines(
  'a corrected label takes the place of the first: in the replay buffer, the journal and what learns at once',
  () => {
    const wrong = createPipeline(options({ experts: ['frozen', 'linear'] }));
    const right = createPipeline(options({ experts: ['frozen', 'linear'] }));
    for (let index = 0; index < 20; index++) {
      for (const pipeline of [wrong, right]) decide(pipeline, index);
      const truth = STREAM.label[index]!;
      const first = wrong.observe(index, index === 12 ? (truth + 1) % 3 : truth).slot;
      right.observe(index, truth);
      if (index !== 12) continue;
      assert.is(wrong.observe(index, truth).result, 'conflict', 'unless it is said to be a correction');
      const { result, slot, sequence } = wrong.observe(index, truth, true);
      assert.equal([result, slot, sequence], ['learned', first, 13]);
      assert.is(wrong.observe(index, truth, true).result, 'duplicate');
    }
    const confidences = [wrong, right].map((pipeline) => decide(pipeline, 20).expertLabels[1]);
    assert.is(confidences[0], confidences[1]);
    assert.is(wrong.observe(999, 0, true).result, 'unknownWindow');
  },
);

pipelines('nothing is allocated per window, label, step and snapshot', () => {
  const pipeline = createPipeline(options());
  play(pipeline, 0, 50);
  const input = { samples: new Float32Array(6), index: 0, valid: true };
  const snapshot = new Uint8Array(pipeline.snapshotBytes);
  const allocated = countTypedArrays(() => {
    for (let index = 50; index < 250; index++) {
      input.index = index;
      for (let c = 0; c < 6; c++) input.samples[c] = STREAM.values[index * 6 + c]!;
      pipeline.decide(input);
      pipeline.observe(index, STREAM.label[index]!);
      while (pipeline.owed > 0) pipeline.step();
      if (index % 20 === 0) pipeline.snapshot(snapshot);
    }
  });
  assert.is(allocated, 0);
});

pipelines('a snapshot restored goes on bit for bit as if nothing had happened', () => {
  // `linear` is fitted again to the labels that are kept: the same bits as long as none had to make room.
  for (const changes of [
    { experts: ['frozen', 'renormalised', 'local', 'context'] as const },
    { replayCapacity: 150 },
  ]) {
    const first = createPipeline(options(changes));
    const journal = play(first, 0, 150);
    const second = createPipeline(options(changes));
    const bySlot = new Map(journal.map((entry) => [entry.slot, entry]));
    assert.is(second.restore(snapshotOf(first), [...bySlot.values()]), 0);
    assert.is(second.owed, 0);
    assert.equal(snapshotOf(second), snapshotOf(first));
    for (const pipeline of [first, second]) play(pipeline, 150, 260);
    assert.equal(snapshotOf(second), snapshotOf(first));
    assert.is(decide(second, 260).confidence, decide(first, 260).confidence);
  }
});

pipelines('labels newer than the snapshot are learned again, and sequence numbers go on', () => {
  const first = createPipeline(options());
  const journal = play(first, 0, 30);
  const snapshot = snapshotOf(first);
  journal.push(...play(first, 30, 35));
  const second = createPipeline(options());
  second.restore(snapshot, journal);
  assert.is(second.owed, 5 * defaultPipelineOptions.learning.stepsPerLabel);
  while (second.owed > 0) second.step();
  decide(second, 40);
  assert.is(second.observe(40, 1).sequence, 35);
});

pipelines('a snapshot taken with steps due owes them again', () => {
  const first = createPipeline(options());
  const journal = play(first, 0, 10, false);
  for (let i = 0; i < 12; i++) first.step();
  const second = createPipeline(options());
  second.restore(snapshotOf(first), journal);
  assert.is(second.owed, 9 * defaultPipelineOptions.learning.stepsPerLabel);
});

pipelines('a journal alone is learned from the start; entries of another model are left out and counted', () => {
  const journal = play(createPipeline(options()), 0, 20);
  const strange: JournalEntry[] = [
    { ...journal[0]!, label: 3 },
    { ...journal[0]!, slot: 64 },
    { ...journal[0]!, features: new Float32Array(5) },
  ];
  const pipeline = createPipeline(options());
  assert.is(pipeline.restore(null, [...journal, ...strange]), 3);
  assert.is(pipeline.owed, 20 * defaultPipelineOptions.learning.stepsPerLabel);
});

pipelines('a snapshot of version 1 still opens: the model goes on as it had learned, and is held nowhere', () => {
  const old = JSON.parse(readFileSync(new URL('../vectors/learning-state-v1.json', import.meta.url), 'utf8'));
  const pipeline = createPipeline(options());
  pipeline.restore(Buffer.from(old.base64, 'base64'), []);
  const decision = decide(pipeline, 20);
  const { weights } = decision;
  assert.is(weights.length, ownExpertNames.length, 'experts that came later begin with their prior');
  assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-6);
  // As the software that wrote it decided.
  assert.is(decision.label, old.label);
  const confidences = Array.from(decision.expertConfidences, (value) => value.toFixed(4));
  assert.equal(confidences.slice(0, 2), old.expertConfidences.slice(0, 2));
  assert.ok(Math.abs(Number(confidences[2]) - old.expertConfidences[2]) < 0.05, 'local is what it had learned to be');
  assert.is(decision.episodes.count, 0);
});

pipelines('a snapshot of version 2 still opens: A is as it was drawn, and learns from here on', () => {
  const old = JSON.parse(readFileSync(new URL('../vectors/learning-state-v2.json', import.meta.url), 'utf8'));
  const pipeline = createPipeline(options());
  const a = pipeline.adaptation!.adapters.points.at(-1)!.loraA;
  const drawn = a.slice();
  pipeline.restore(Buffer.from(old.base64, 'base64'), []);
  assert.equal(a, drawn);
  const { weights, expertConfidences } = decide(pipeline, 20);
  const fixed = (values: Float32Array): string[] => Array.from(values, (value) => value.toFixed(4));
  assert.equal(fixed(weights), old.weights);
  // `linear` is learned from the journal, of which there is none here; A is stored anew with a scale of its own.
  assert.equal(fixed(expertConfidences).slice(0, 2), old.expertConfidences.slice(0, 2));
  assert.ok(Math.abs(expertConfidences[2]! - old.expertConfidences[2]) < 0.05, 'local is what it had learned to be');
  pipeline.observe(20, STREAM.label[20]!);
  while (pipeline.owed > 0) pipeline.step();
  assert.not.equal(a, drawn);
});

pipelines('garbage, a torn, a foreign and a future snapshot are refused, and change nothing', () => {
  const source = createPipeline(options());
  play(source, 0, 20);
  const good = snapshotOf(source);
  const target = createPipeline(options());
  const before = snapshotOf(target);
  const changed = (at: number, value: number): Uint8Array => Uint8Array.from(good).fill(value, at, at + 1);
  const attempt = (bytes: Uint8Array): string => nodeErrorOf(() => target.restore(bytes, []));
  assert.is(attempt(new Uint8Array(0)), 'snapshotDamaged');
  assert.is(attempt(new Uint8Array(100).fill(0x58)), 'snapshotDamaged');
  assert.is(attempt(good.subarray(0, good.length - 1)), 'snapshotDamaged');
  for (const at of [40, 500, good.length - 1]) assert.is(attempt(changed(at, good[at]! ^ 1)), 'snapshotDamaged');
  assert.is(attempt(changed(4, 4)), 'snapshotVersion');
  const other = createPipeline(options({ model: randomClassifierFile({ ...SHAPE, seed: 12 }) }));
  assert.is(attempt(snapshotOf(other)), 'snapshotMismatch');
  const wider = createPipeline(options({ learning: { ...defaultPipelineOptions.learning, rank: 4 } }));
  assert.is(attempt(snapshotOf(wider)), 'snapshotMismatch');
  assert.equal(snapshotOf(target), before);
  assert.is(attempt(good), 'none');
});

pipelines('the fingerprint depends on every decision and on the labels learned, not on the process', () => {
  const run = (seed: number, label: (index: number) => number): string => {
    const pipeline = createPipeline(options({ seed }));
    for (let index = 0; index < 60; index++) {
      decide(pipeline, index);
      pipeline.observe(index, label(index));
      while (pipeline.owed > 0) pipeline.step();
    }
    return pipeline.fingerprint;
  };
  const truth = (index: number): number => STREAM.label[index]!;
  assert.match(run(1, truth), /^[0-9a-f]{16}$/);
  assert.is(run(1, truth), run(1, truth));
  assert.is.not(run(1, truth), run(2, truth));
  assert.is.not(
    run(1, truth),
    run(1, (index) => (index === 30 ? (truth(index) + 1) % 3 : truth(index))),
  );
});

pipelines(
  'A comes from the model: nodes with other seeds start with the same adapters, so that B can be shared',
  () => {
    const starts = [1, 2].map((seed) => {
      const pipeline = createPipeline(options({ seed }));
      decide(pipeline, 0);
      // One label and one step: with the same A and the same only sample, the same B.
      pipeline.observe(0, (STREAM.label[0]! + 1) % 3);
      pipeline.step();
      return decide(pipeline, 1).expertConfidences[2];
    });
    assert.is(starts[0], starts[1]);
  },
);

pipelines('a model that does not fit its card is refused, saying what does not fit', () => {
  const card = cardOf(SHAPE);
  const create = (model: Uint8Array): ModelError => refusal(() => createPipeline(options({ model })));
  const withCard = (changed: object): ModelError => create(writeModel(randomClassifier(SHAPE, changed)));
  const noCard = create(writeModel({ ...randomClassifier(SHAPE), metadata: [] }));
  assert.is(noCard.code, 'modelMismatch');
  assert.match(noCard.message, /no metadata "myrmex".*myrmexctl train/);
  assert.match(withCard({ ...card, window: 2 }).message, /12 features of 6 channels × 2 samples, the model takes 6/);
  assert.match(withCard({ ...card, labels: ['a', 'b'] }).message, /names 2 classes, the model tells 3 apart/);
  assert.is(withCard({ ...card, version: 9 }).code, 'malformedModel');
  assert.is(create(MODEL.subarray(0, 200)).code, 'malformedModel');
  const pipeline = createPipeline(options());
  assert.match(
    refusal(() => pipeline.decide({ samples: new Float32Array(5), index: 0, valid: true })).message,
    /has 5 samples, the model needs 6 channels × 1/,
  );
});

pipelines('options out of range are named', () => {
  assert.throws(() => createPipeline(options({ pendingWindows: 0 })), /pendingWindows is 0/);
  assert.throws(() => createPipeline(options({ replayCapacity: 2 })), /cannot hold 3 classes/);
  const learning = { ...defaultPipelineOptions.learning, batch: 0 };
  assert.throws(() => createPipeline(options({ learning })), /learning.batch is 0/);
});

pipelines.run();
