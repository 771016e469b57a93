import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { defaultPipelineOptions, ownExpertNames } from '../../firmware/pipeline.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { playRecording } from '../../tools/replay/replay.ts';
import { trainModel } from '../../tools/train/train-model.ts';

const convolutional = suite('learning of a convolutional model');

const WINDOW = 32;

/** Hums of three pitches on two channels; `drift` from 0 to 1 makes them deeper and turns the second channel around. */
function hums(seed: number, stretches: number, drift: (progress: number) => number): Recording {
  const random = createRandom(seed, 'drifting hums');
  const rows = stretches * 4 * WINDOW;
  const label = Int16Array.from({ length: rows }, (_, i) => Math.floor(i / (4 * WINDOW)) % 3);
  const values = new Float32Array(rows * 2);
  let phase = 0;
  for (let i = 0; i < rows; i++) {
    const age = drift(i / rows);
    phase += (2 * Math.PI * [3, 5, 8][label[i]!]! * (1 - 0.3 * age)) / WINDOW;
    values[i * 2] = Math.sin(phase) + 0.2 * random.normal();
    values[i * 2 + 1] = Math.cos(phase - 0.5 - 2 * age) + 0.2 * random.normal();
  }
  const tMs = Float64Array.from({ length: rows }, (_, i) => i * 10);
  const node = { node: 'n', rows, tMs, segment: new Int32Array(rows), segments: ['0'], label, values };
  return { channels: ['a', 'b'], labels: ['deep', 'mid', 'high'], nodes: [node], missing: 0 };
}

convolutional('follows a drift from a few labels, from its first convolution to its last layer', async () => {
  const training = { model: 'conv', window: WINDOW, stride: 16, seed: 3, features: 'auto' } as const;
  const shape = { channelsOut: [8, 8], hidden: [], epochs: 60 };
  const { bytes: model } = await trainModel({ recording: hums(1, 30, () => 0), ...training, ...shape });
  const { chain, interpreter } = loadModel(model, defaultModelLimits);
  assert.is(chain.length, interpreter.adapterPoints.length, 'every layer with an adapter point learns');
  const recording = hums(2, 60, (progress) => Math.min(1, 2 * progress));
  const play = (points: number) => {
    const { report } = playRecording({
      ...{ recording, model, labelRate: 0.3, seed: 0, experts: ownExpertNames, baselines: [], curvePoints: 0 },
      ...{ pool: defaultPipelineOptions.pool, now: () => 0 },
      learning: { ...defaultLearningOptions, points, stepsPerLabel: 4, batch: 16 },
    });
    return report;
  };
  const { frozen, local, mixture } = play(64).experts;
  assert.ok(frozen!.secondHalf < 0.5, `the drift leaves the frozen model ${frozen!.secondHalf}`);
  assert.ok(local!.secondHalf > 0.9 && mixture!.secondHalf > 0.9, `local ${local!.secondHalf}`);
  // What has changed is the shape of the waves: a last layer on the old filters cannot see it.
  const last = play(1).experts.local!.secondHalf;
  assert.ok(last < local!.secondHalf - 0.2, `the last layer alone gets to ${last}`);
});

convolutional.run();
