import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findReach } from '../../kernels/gradient/reach.ts';
import { type AdapterSet, createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { FrozenPart, frozenPartPays } from '../../kernels/learning/frozen-part.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { allOperators } from '../../kernels/ops/registry.ts';
import { createRandom } from '../../kernels/random.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { drawnNetworks } from '../../tools/bench/networks.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { denseNet } from '../support/dense-net.ts';
import { dice } from '../support/dice.ts';
import { seeded } from '../support/models.ts';
import { randomNetwork, randomNetworkOptions } from '../support/random-network.ts';
import { replayBuffer } from '../support/replay-buffer.ts';

const frozen = suite('frozen layers before the trained ones');

const CAPACITY = 17;

interface Setting {
  readonly model: TfliteModel;
  readonly interpreter: Interpreter;
  readonly adapters: AdapterSet;
  readonly chain: readonly number[];
  readonly replay: ReplayBuffer;
  readonly present: (slot: number) => void;
  /** Windows written to the input so far. */
  readonly presented: () => number;
}

const settingOf = (model: TfliteModel, kernels: 'compiled' | 'plain', keepsState = false, trained = 1): Setting => {
  const engine = createEngine({ kernels });
  const created = createInterpreter(model, { engine, limits, keepActivations: true });
  // A model with state is never taken apart: the way to a learner that runs all of it at every step.
  const interpreter: Interpreter = Object.create(created, { hasState: { value: keepsState } });
  const adapters = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
  initialiseAdapters(adapters, createRandom(3));
  const { data, scale, zeroPoint } = interpreter.inputs[0]!;
  const sizes = { featureCount: data.length, classes: interpreter.logits.data.length };
  const replay = replayBuffer({ capacity: CAPACITY, ...sizes, scale, zeroPoint });
  const window = new Float32Array(data.length);
  let presented = 0;
  const present = (slot: number): void => {
    replay.read(slot, window);
    quantiseInto(window, scale, zeroPoint, data as Int8Array);
    presented++;
  };
  const chain = findReach(model, interpreter).points.slice(-trained);
  return { model, interpreter, adapters, chain, replay, present, presented: () => presented };
};

const draw = (name: string): TfliteModel =>
  readModel(drawnNetworks.find((network) => network.name === name)!.draw(5), limits);

/** All that learning reads after an inference. */
const seen = ({ interpreter, chain }: Setting) => [
  [...interpreter.logits.data],
  ...chain.map((at) => {
    const { input, output } = interpreter.adapterPoints[at]!;
    return [[...input], [...output]];
  }),
];

/** The model in two parts and whole, side by side. */
const compareParts = (model: TfliteModel, kernels: 'compiled' | 'plain', rounds: number, what: string): void => {
  const { whole, pick, random } = dice(471);
  const [complete, parts] = [settingOf(model, kernels), settingOf(model, kernels)];
  const part = new FrozenPart({ ...parts, first: parts.chain[0]! });
  const stored = new Set<number>();
  const known = new Set<number>();
  let computed = 0;
  for (let round = 0; round < rounds; round++) {
    if (stored.size < 3 || random() < 0.2) {
      const window = Float32Array.from({ length: parts.replay.featureCount }, () => random() * 6 - 3);
      const label = whole(0, parts.replay.classes - 1);
      const slot = parts.replay.add(window, label);
      assert.is(complete.replay.add(window, label), slot);
      stored.add(slot);
      known.delete(slot);
    }
    if (random() < 0.3) changeFactors(random, parts, complete);
    const slot = pick([...stored]);
    if (!known.has(slot)) computed++;
    known.add(slot);
    part.invoke(slot, parts.adapters);
    complete.present(slot);
    complete.interpreter.invoke(complete.adapters);
    assert.equal(seen(parts), seen(complete), `${what}, ${kernels}, round ${round}`);
    assert.is(part.evaluations, computed, `${what}: windows went through the frozen layers more or less often`);
    // What the node decides between two steps overwrites all activations.
    parts.interpreter.inputs[0]!.data.fill(whole(-128, 127));
    parts.interpreter.invoke();
  }
  assert.is(parts.presented(), computed);
};

/** The same new factors for the trained layers of both. */
const changeFactors = (random: () => number, { chain, adapters }: Setting, other: Setting): void => {
  for (const at of chain) {
    const { loraB, bias } = adapters.points[at]!;
    for (const values of [loraB, bias]) for (let i = 0; i < values.length; i++) values[i] = random() - 0.5;
    other.adapters.points[at]!.loraB.set(loraB);
    other.adapters.points[at]!.bias.set(bias);
  }
};

frozen('leave what the whole model would, for any order of windows, evictions and new factors', () => {
  compareParts(draw('streaming 1-D'), 'compiled', 120, 'streaming');
  compareParts(draw('streaming 1-D'), 'plain', 25, 'streaming');
  compareParts(draw('residual 32x32'), 'compiled', 40, 'residual');
});

frozen('do so for random networks, however the engine stores what lies between', () => {
  const random = seeded(474);
  const stored = new Set<string>();
  for (let network = 0; network < 20; network++) {
    const options = randomNetworkOptions(random, allOperators);
    const [, height, width] = options.shape;
    const model = randomNetwork(random, { ...options, shape: [1, height, width, 3] });
    for (const kernels of ['compiled', 'plain'] as const) {
      const { chain, interpreter } = settingOf(model, kernels);
      const { boundary } = interpreter.split(chain[0]!);
      stored.add(boundary.length === interpreter.adapterPoints[chain[0]!]!.inFeatures ? 'int8' : 'wide');
      compareParts(model, kernels, 12, `network ${network}`);
    }
  }
  assert.equal([...stored].sort(), ['int8', 'wide']);
});

frozen(
  'a learner ends with the same parameters as one that runs the whole model at every step, and allocates nothing',
  () => {
    const settings = [false, true].map((keepsState) => settingOf(draw('streaming 1-D'), 'compiled', keepsState));
    const learners = settings.map(({ replay, ...setting }) => {
      const learning = { ...defaultLearningOptions, batch: 8 };
      const { classes } = replay;
      const { logits } = setting.interpreter;
      const loss = new CrossEntropy({ logits, classes, labels: replay, smoothing: learning.labelSmoothing });
      return new AdapterLearner({ ...setting, replay, loss, random: createRandom(6), learning });
    });
    const { whole, random } = dice(472);
    for (let label = 0; label < 20; label++) {
      const window = Float32Array.from({ length: settings[0]!.replay.featureCount }, () => random() * 6 - 3);
      const truth = whole(0, 5);
      settings.forEach(({ replay }, at) => {
        const slot = replay.add(window, truth);
        const constructed = countTypedArrays(() => {
          for (let step = 0; step < 3; step++) learners[at]!.step(slot, 0.5);
        });
        assert.is(constructed, 0);
      });
      assert.equal(learners[0]!.parameters, learners[1]!.parameters, `after label ${label}`);
    }
    assert.ok(learners[0]!.parameters.every((values) => values.some((value) => value !== 0)));
    assert.is(settings[0]!.presented(), 20);
    assert.is(settings[1]!.presented(), 20 * 3 * 8);
  },
);

frozen('nothing is kept where it does not pay, or where an inference depends on those before it', () => {
  const net = { sizes: [40, 16, 4], perChannel: true, activation: 1, floatEnds: false, withBias: true } as const;
  const dense = settingOf(denseNet(seeded(473), { ...net, ending: 'softmax' }), 'compiled', false, 2);
  assert.is(frozenPartPays({ ...dense, first: dense.chain[0]! }), false, 'a dense network has no frozen layers');
  const streaming = settingOf(draw('streaming 1-D'), 'compiled', true);
  assert.is(frozenPartPays({ ...streaming, first: streaming.chain[0]! }), false);
  const residual = settingOf(draw('residual 32x32'), 'compiled', false, 3);
  assert.is(
    frozenPartPays({ ...residual, first: residual.chain[0]! }),
    false,
    'a shortcut goes around the first layer',
  );
  const narrow = settingOf(draw('streaming 1-D'), 'compiled');
  assert.is(frozenPartPays({ ...narrow, first: narrow.chain[0]! }), true);
  const replay = replayBuffer({ capacity: CAPACITY, featureCount: 63, classes: 6 });
  assert.is(frozenPartPays({ ...narrow, replay, first: narrow.chain[0]! }), false, '64 values for 63 features');
});

frozen.run();
