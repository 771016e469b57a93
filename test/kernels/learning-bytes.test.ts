import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { learningStateBytes, trainedValues } from '../../kernels/learning/learning-bytes.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { randomClassifier } from '../support/classifier.ts';

const sizes = suite('bytes of what learns');

const FEATURES = 64;
const CLASSES = 6;

/** Bytes of all buffers that can be reached from `root` and not from `apart`. */
const buffersOf = (root: object, apart: readonly object[]): number => {
  const seen = new Set<object>(apart);
  const buffers = new Set<ArrayBufferLike>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      if (!seen.has(value.buffer)) buffers.add(value.buffer);
      return;
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(root);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
};

for (const paceOfA of [0, 0.3]) {
  sizes(`a learner takes what was counted for it, ${paceOfA === 0 ? 'with A frozen' : 'where A learns too'}`, () => {
    const model = randomClassifier({ channels: FEATURES, hidden: [48, 40], classes: CLASSES, seed: 1 });
    const engine = createEngine({ memoryBytes: 1 << 20 });
    const interpreter = createInterpreter(model, { engine, limits: defaultModelLimits, keepActivations: true });
    const adapters = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
    initialiseAdapters(adapters, createRandom(1));
    const replay = new ReplayBuffer({
      ...{ capacity: 16, featureCount: FEATURES, classes: CLASSES, scale: 0.1, zeroPoint: 0 },
      ...{ alpha: 0, factoryWindows: 0, factoryShare: 0 },
    });
    const learner = new AdapterLearner({
      ...{ model, interpreter, adapters, chain: [0, 1, 2], replay, random: createRandom(1), paceOfA },
      ...{ loss: { size: 0, evaluate: () => 0 }, present: () => {}, learning: defaultLearningOptions },
    });
    const shape = { rank: 2, learnsA: paceOfA > 0 };
    const values = interpreter.adapterPoints.reduce((sum, point) => sum + trainedValues(point, shape), 0);
    assert.is(learner.parameterCount, values);
    const { learned, held: anchors } = learner.stateOf(true);
    const stored = [...learned, ...anchors].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const held = buffersOf(learner, [engine.uint8.buffer, replay, model, interpreter, ...interpreter.adapterPoints]);
    const counted = learningStateBytes(values);
    const taken = held + 2 * stored;
    // Beside it are the batch, the moments' powers and scales: they do not grow with what learns.
    assert.ok(taken < counted + 2048, `${taken} bytes, ${counted} counted`);
    assert.ok(taken > 0.95 * counted, `${taken} bytes, ${counted} counted`);
  });
}

sizes.run();
