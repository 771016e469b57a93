import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JournalEntry } from '../../firmware/journal.ts';
import {
  createPipeline,
  defaultPipelineOptions,
  type Pipeline,
  type PipelineOptions,
} from '../../firmware/pipeline.ts';
import { FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import { randomClassifierFile } from '../support/classifier.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { seeded } from '../support/models.ts';

const pools = suite('a pool of adapters in a pipeline');

const CHANNELS = 6;
const MODEL = randomClassifierFile({ channels: CHANNELS, hidden: [16, 12], classes: 3, seed: 11 });
const STAY = 150;

const options = (changes: Partial<PipelineOptions> = {}): PipelineOptions => ({
  ...defaultPipelineOptions,
  ...{ model: MODEL, seed: 7, replayCapacity: 128, pendingWindows: 64, experts: ['frozen', 'local'] },
  pool: { ...defaultPipelineOptions.pool, adaptersMax: 4, memory: 12, hysteresis: 4 },
  learning: { ...defaultPipelineOptions.learning, batch: 12, stepsPerLabel: 4 },
  ...changes,
});

/** A machine that makes three products in turn; the same signal means another class with each. */
const machine = () => {
  const random = seeded(3);
  const centres = Array.from({ length: 3 * CHANNELS }, () => 3 * random() - 1.5);
  const moved = Array.from({ length: 3 * CHANNELS }, () => 3 * (random() - 0.5));
  const samples = new Float32Array(CHANNELS);
  return (index: number): { samples: Float32Array; truth: number; product: number } => {
    const product = Math.floor(index / STAY) % 3;
    const kind = Math.floor(3 * random());
    for (let c = 0; c < CHANNELS; c++) {
      samples[c] = centres[kind * CHANNELS + c]! + moved[product * CHANNELS + c]! + 0.5 * (random() - 0.5);
    }
    return { samples, truth: (kind + product) % 3, product };
  };
};

interface Played {
  readonly journal: JournalEntry[];
  /** Share right of `local`. */
  readonly right: number;
  readonly adapters: Set<number>[];
}

const play = (pipeline: Pipeline, next: ReturnType<typeof machine>, from: number, to: number): Played => {
  const journal: JournalEntry[] = [];
  const adapters = [new Set<number>(), new Set<number>(), new Set<number>()];
  let right = 0;
  for (let index = from; index < to; index++) {
    const { samples, truth, product } = next(index);
    const decision = pipeline.decide({ samples, index, valid: true });
    if (decision.expertLabels[1] === truth) right++;
    // The first windows of a stay still belong to the way.
    if (index >= 6 * STAY && index % STAY > 50) adapters[product]!.add(decision.adapter);
    if (index % 4 !== 0) continue;
    const { slot, sequence, features } = pipeline.observe(index, truth);
    journal.push({ slot, sequence, window: `1-${index}`, label: truth, features: features.slice() });
    while (pipeline.owed > 0) pipeline.step();
  }
  return { journal, right: right / (to - from), adapters };
};

const snapshotOf = (pipeline: Pipeline): Uint8Array => {
  const bytes = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(bytes);
  return bytes;
};

const WINDOWS = 12 * STAY;

pools('products that contradict each other get an adapter each, and find it again', () => {
  const several = play(createPipeline(options()), machine(), 0, WINDOWS);
  const chosen = several.adapters.map((set) => [...set].join());
  assert.ok(new Set(chosen).size === 3 && chosen.every((list) => /^\d$/.test(list)), chosen.join('; '));
  assert.ok(several.right > 0.7, `${several.right}`);
});

pools('a snapshot restored goes on bit for bit, in the middle of the second state', () => {
  const [first, second] = [createPipeline(options()), createPipeline(options())];
  const [one, other] = [machine(), machine()];
  const { journal } = play(first, one, 0, 3 * STAY + 20);
  for (let index = 0; index < 3 * STAY + 20; index++) other(index);
  const bySlot = new Map(journal.map((entry) => [entry.slot, entry]));
  second.restore(snapshotOf(first), [...bySlot.values()]);
  assert.equal(snapshotOf(second), snapshotOf(first));
  assert.ok(first.adaptation!.pool.count > 1);
  play(first, one, 3 * STAY + 20, 5 * STAY);
  play(second, other, 3 * STAY + 20, 5 * STAY);
  assert.equal(snapshotOf(second), snapshotOf(first));
});

pools('a label teaches the adapter that decided its window, also when the state has changed since', () => {
  const pipeline = createPipeline(options());
  const next = machine();
  play(pipeline, next, 0, 4 * STAY);
  const { pool, choice } = pipeline.adaptation!;
  const before = choice!.chooser.active;
  const late = 4 * STAY - 10;
  // Into the other state, far enough for its adapter to be in force.
  for (let index = 4 * STAY; index < 4 * STAY + 50; index++) {
    pipeline.decide({ samples: next(index).samples, index, valid: true });
  }
  const after = choice!.chooser.active;
  assert.is.not(after, before);
  const steps = [pool.stepsOf(before), pool.stepsOf(after)];
  const index = late + (late % 4 === 0 ? 1 : 0);
  assert.is(pipeline.observe(index, 0).result, 'learned');
  while (pipeline.owed > 0) pipeline.step();
  assert.equal([pool.stepsOf(before), pool.stepsOf(after)], [steps[0]! + 4, steps[1]]);
});

pools('nothing is allocated while adapters are made, switched and taught', () => {
  const pipeline = createPipeline(options({ pool: { ...options().pool, bytesMax: 24 * 1024 } }));
  const next = machine();
  const input = { samples: new Float32Array(CHANNELS), index: 0, valid: true };
  const allocated = countTypedArrays(() => {
    for (let index = 0; index < 4 * STAY; index++) {
      const { samples, truth } = next(index);
      for (let c = 0; c < CHANNELS; c++) input.samples[c] = samples[c]!;
      input.index = index;
      pipeline.decide(input);
      if (index % 10 === 0) pipeline.observe(index, truth);
      while (pipeline.owed > 0) pipeline.step();
    }
  });
  assert.is(allocated, 0);
  assert.ok(pipeline.adaptation!.choice!.chooser.switches > 2);
});

pools('what is learned in few bits is what is stored: the engine computes with nothing finer', () => {
  for (const factorBits of [32, 8, 4] as const) {
    const learning = { ...options().learning, factorBits };
    const pipeline = createPipeline(options({ pool: defaultPipelineOptions.pool, learning }));
    play(pipeline, machine(), 0, STAY);
    const { adapters, pool } = pipeline.adaptation!;
    const factors = adapters.points.flatMap(({ loraB, bias }) => [loraB, bias]);
    const shadow = factors.map(({ length }) => new Float32Array(length));
    pool.read(0, shadow);
    assert.ok(factors.some((values) => values.some((value) => value !== 0)));
    for (const [k, values] of factors.entries()) {
      const rounded = new Float32Array(values.length);
      new FactorCodec(factorBits).round(values, rounded);
      assert.equal(rounded, values);
      new FactorCodec(factorBits).round(shadow[k]!, rounded);
      assert.equal(rounded, values);
    }
    assert.is(
      shadow.some((values, k) => values.some((value, i) => value !== factors[k]![i])),
      factorBits !== 32,
    );
    requireStoredA(pipeline, factorBits);
  }
});

/** A row of A in the engine is what storage makes of the row that learns. */
const requireStoredA = (pipeline: Pipeline, factorBits: 32 | 8 | 4): void => {
  const { adapters, pool, chain, interpreter } = pipeline.adaptation!;
  const all = [
    ...adapters.points.flatMap(({ loraB, bias }) => [loraB, bias]),
    ...adapters.points.map(({ loraA }) => loraA),
  ].map(({ length }) => new Float32Array(length));
  pool.read(0, all);
  for (const [k, at] of chain.entries()) {
    const { loraA, loraAScale } = adapters.points[at]!;
    const { inFeatures } = interpreter.adapterPoints[at]!;
    const real = all[2 * chain.length + k]!;
    const rounded = new Float32Array(real.length);
    new FactorCodec(factorBits === 4 ? 4 : 8, inFeatures).round(real, rounded);
    const stored = Float32Array.from(loraA, (q, i) => q * loraAScale[Math.floor(i / inFeatures)]!);
    assert.equal(stored, rounded);
    if (factorBits === 4) assert.ok(loraA.every((q) => Math.abs(q) <= 7));
    assert.ok(real.some((value, i) => value !== stored[i]));
  }
};

pools('adapters of a pool may learn an A each: it goes and comes with them, through a restart too', () => {
  const pool = { ...options().pool, learnsA: true };
  const pipeline = createPipeline(options({ pool }));
  const next = machine();
  const { journal } = play(pipeline, next, 0, 4 * STAY);
  const { adaptation } = pipeline;
  assert.ok(adaptation!.pool.count > 1);
  const aOf = (id: number): number[] => {
    adaptation!.pool.load(id);
    return adaptation!.adapters.points.flatMap(({ loraA }) => [...loraA]);
  };
  const [first, second] = [aOf(0), aOf(1)];
  assert.not.equal(first, second);
  assert.equal(aOf(0), first);
  const again = createPipeline(options({ pool }));
  again.restore(snapshotOf(pipeline), journal);
  assert.equal(snapshotOf(again), snapshotOf(pipeline));
  const a = again.adaptation!;
  a.pool.load(1);
  assert.equal(
    a.adapters.points.flatMap(({ loraA }) => [...loraA]),
    second,
  );
  assert.throws(() => createPipeline(options()).restore(snapshotOf(pipeline), []), /other learning options/);
});

pools('a pool that cannot fit is refused with what to do', () => {
  const pool = { ...options().pool, adaptersMax: 1024, bytesMax: 64 * 1024 };
  assert.throws(() => createPipeline(options({ pool })), /1024 adapters .* choose a smaller learning.pool.adaptersMax/);
  assert.throws(() => createPipeline(options({ pool: { ...pool, novelty: 1 } })), /novelty above 1/);
});

pools('another seed is another A, and what was learned with it another state', () => {
  const own = createPipeline(options());
  const other = createPipeline(options({ adapterSeed: '0123456789abcdef' }));
  assert.is(other.adaptation!.seed, '0123456789abcdef');
  const a = (pipeline: Pipeline): Int8Array => pipeline.adaptation!.adapters.points[0]!.loraA;
  assert.not.equal([...a(own)], [...a(other)]);
  assert.throws(() => other.restore(snapshotOf(own), []), /belongs to another model/);
  const again = createPipeline(options({ adapterSeed: own.adaptation!.seed }));
  again.restore(snapshotOf(own), []);
  assert.equal([...a(again)], [...a(own)]);
});

pools.run();
