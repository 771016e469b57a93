import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ExpertPanel } from '../../firmware/pipeline/expert-panel.ts';
import { expertNames, expertsFor } from '../../firmware/pipeline.ts';
import { Context } from '../../kernels/learning/context.ts';
import { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import { Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import { softmaxInto } from '../../kernels/learning/softmax.ts';
import { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';

const CLASSES = 3;
const FEATURES = 4;

/** All experts of a model that is only counted, its input passed on as logits. */
const bench = () => {
  const input = { data: new Float32Array(FEATURES), scale: 1, zeroPoint: 0, shape: [1, FEATURES] };
  const logits = { data: input.data.subarray(0, CLASSES), scale: 1, zeroPoint: 0, shape: [1, CLASSES] };
  const counted = { invocations: 0 };
  const runner = {
    ...{ inputs: [input], outputs: [logits], logits },
    invoke: () => {
      counted.invocations++;
    },
  } as never;
  const head = {
    ...{ classes: CLASSES, values: 0, thresholds: new Float64Array(0) },
    read: (_z: Float32Array, out: Float32Array) => softmaxInto(logits, out),
    label: (p: Float32Array) => p.indexOf(Math.max(...p)),
  };
  const mixture = new Mixture({ classes: CLASSES, prior: priorInFavourOfFirst(expertNames.length, 1), share: 0.01 });
  const linear = new LinearExpert({ features: FEATURES, opinions: CLASSES, classes: CLASSES, share: 0.01 });
  const own = { linear, context: new Context(CLASSES), mixture };
  const statistics = new StreamStatistics(FEATURES, 300, 1000);
  return {
    panel: new ExpertPanel(expertNames, head, runner, statistics, { local: null, shared: null }, own),
    counted,
    own,
  };
};

const panels = suite('expert panel');

panels('all experts together take four inferences and as many products as a layer of the classes', () => {
  const { panel, counted } = bench();
  for (let i = 0; i < 10; i++) panel.judge(new Float32Array([1, 0, 0, 0]), i);
  assert.is(counted.invocations, 40, 'asked: at most 4.2 inferences a window');
});

panels('context is what the others say and the windows before; looking without following changes nothing', () => {
  const { panel } = bench();
  for (let i = 0; i < 5; i++) {
    panel.judge(new Float32Array([2, 0, 0, 0]), i);
    panel.follow(i);
  }
  const undecided = new Float32Array([0, 0.3, 0, 0]);
  panel.judge(undecided, 5);
  assert.equal(Array.from(panel.labels), [1, 1, 1, 1, 0, 0]);
  const before = Array.from(panel.probabilities);
  panel.judge(new Float32Array([0, 0, 9, 0]), 6);
  panel.judge(undecided, 7);
  assert.equal(Array.from(panel.probabilities), before);
});

panels('linear is left out of a model with too many features, and other tasks have what helps them', () => {
  const card = (task: 'classification' | 'anomaly' | 'regression', features: number) =>
    ({ task, normalisation: { mean: Array(features).fill(0), deviation: [], transform: [] } }) as never;
  assert.equal(expertsFor(card('classification', 256), expertNames), [...expertNames]);
  assert.equal(expertsFor(card('classification', 257), expertNames), [
    'frozen',
    'renormalised',
    'local',
    'shared',
    'context',
  ]);
  assert.equal(expertsFor(card('anomaly', 4), expertNames), ['frozen', 'local']);
  assert.equal(expertsFor(card('regression', 4), expertNames), ['frozen']);
});

panels.run();
