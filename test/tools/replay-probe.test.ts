import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { createPipeline, defaultPipelineOptions, ownExpertNames } from '../../firmware/pipeline.ts';
import { type LearningMechanism, learningWithout } from '../../kernels/learning/mechanisms.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import { createRandom } from '../../kernels/random.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { encodeFactoryWindows, FACTORY_WINDOWS_METADATA_NAME } from '../../protocols/factory-windows.ts';
import { replay } from '../../tools/replay/replay.ts';
import type { ReplayReport } from '../../tools/replay/report.ts';
import { chooseFactoryWindows } from '../../tools/train/factory-windows.ts';
import { cardOf, randomClassifier } from '../support/classifier.ts';

const SHAPE = { channels: 8, hidden: [16], classes: 3, seed: 5 };
const PLAIN = writeModel(randomClassifier(SHAPE));
const KINDS_PER_CLASS = 6;

interface Kind {
  readonly centre: readonly number[];
  /** Where its windows have gone when the sensors have aged. */
  readonly aged: readonly number[];
  readonly label: number;
}

/** Kinds of windows, of which the model is sure; each ages in its own way, so that no rescaling undoes it. */
const KINDS: readonly Kind[] = (() => {
  const random = createRandom(7);
  const frozen = createPipeline({ ...defaultPipelineOptions, model: PLAIN, seed: 0, experts: ['frozen'] });
  const kinds: Kind[] = [];
  const wanted = SHAPE.classes * KINDS_PER_CLASS;
  while (kinds.length < wanted) {
    const centre = Array.from({ length: SHAPE.channels }, () => 1.2 * random.normal());
    const { label, confidence } = frozen.probe(Float32Array.from(centre));
    const enough = kinds.filter((kind) => kind.label === label).length >= KINDS_PER_CLASS;
    if (confidence < 0.65 || enough) continue;
    kinds.push({ centre, aged: centre.map((value) => value + 1.2 * random.normal()), label });
  }
  return kinds;
})();

const recordingOf = (seed: number, rows: number, has: 'centre' | 'aged'): Recording => {
  const random = createRandom(seed);
  // The product of the last class is not made any more: what is not met is the first to be forgotten.
  const met = has === 'centre' ? KINDS : KINDS.filter(({ label }) => label < SHAPE.classes - 1);
  const kinds = Array.from({ length: rows }, () => met[random.integer(met.length)]!);
  const node = {
    ...{ node: 'press', rows, segment: new Int32Array(rows), segments: ['0'] },
    tMs: Float64Array.from({ length: rows }, (_, row) => row),
    label: Int16Array.from(kinds, ({ label }) => label),
    values: Float32Array.from(kinds.flatMap((kind) => kind[has].map((value) => value + 0.25 * random.normal()))),
  };
  return { channels: cardOf(SHAPE).channels, labels: cardOf(SHAPE).labels, nodes: [node] } as unknown as Recording;
};

/** The model with windows of the factory in its file, as `train` writes it. */
const MODEL = (() => {
  const { nodes } = recordingOf(1, 300, 'centre');
  const model = randomClassifier(SHAPE);
  const { quantisation } = model.subgraph.tensors[model.subgraph.inputs[0]!]!;
  const input = { scale: quantisation!.scale[0]!, zeroPoint: Number(quantisation!.zeroPoint[0]!) };
  const windows = chooseFactoryWindows(nodes[0]!.values, nodes[0]!.label, SHAPE.classes, input);
  const metadata = [...model.metadata, { name: FACTORY_WINDOWS_METADATA_NAME, bytes: encodeFactoryWindows(windows) }];
  return writeModel({ ...model, metadata });
})();
const STREAM = recordingOf(2, 700, 'aged');
const PROBE = recordingOf(3, 300, 'centre');

const OPTIONS = {
  ...{ recording: STREAM, model: MODEL, labelRate: 0.1, seed: 0, experts: ownExpertNames, baselines: [], now: () => 0 },
  probe: PROBE,
};

const play = (without: readonly LearningMechanism[]): ReplayReport =>
  replay({ ...OPTIONS, learning: learningWithout(defaultLearningOptions, without) });

const ALL = play([]);

const probes = suite('probe and forgetting');

probes('what the node was shipped with is kept, in 64 KB; without EWC and replay it is clearly forgotten', () => {
  const forgotten = play(['ewc', 'replay']);
  const fall = ({ probe }: ReplayReport): number => probe!.before - probe!.after;
  assert.ok(ALL.probe!.before >= 0.98, `${ALL.probe!.before}`);
  assert.ok(ALL.replay.bytes <= 65_536 && ALL.replay.factoryWindows > 30, JSON.stringify(ALL.replay));
  assert.ok(fall(ALL) <= 0.06, `fell by ${fall(ALL)}`);
  assert.ok(fall(forgotten) > fall(ALL) + 0.1, `only ${fall(forgotten)}`);
  assert.ok(ALL.experts.local!.accuracy > ALL.experts.frozen!.accuracy + 0.05, 'and yet it has learned');
});

probes('probing changes no decision and is told of every expert', () => {
  const { probe: _, ...options } = OPTIONS;
  const plain = replay(options);
  assert.is(plain.probe, undefined);
  assert.is(ALL.decisionFingerprint, plain.decisionFingerprint);
  assert.is(ALL.probe!.windows, 300);
  assert.equal(Object.keys(ALL.probe!.experts), [...ownExpertNames]);
  const { before, after } = ALL.probe!.experts.frozen!;
  assert.is(before, after, 'the frozen expert is what it was');
});

probes('each mechanism can be left out, and it makes a difference', () => {
  for (const name of ['factory', 'priorities', 'ewc'] as const) {
    assert.is.not(play([name]).decisionFingerprint, ALL.decisionFingerprint, name);
  }
});

probes('a shift of the sensors is an episode of the report', () => {
  const [first] = ALL.driftEpisodes;
  assert.is(first!.node, 'press');
  assert.ok(first!.begin < 500 && first!.peak > 0.3, JSON.stringify(first));
});

probes.run();
