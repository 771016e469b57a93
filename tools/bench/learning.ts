// `npm run bench:learning [-- ROUNDS]`: time of one gradient step of 16 windows, compiled and plain in turn.
import { createLearningInterpreter } from '../../kernels/gradient/learning-interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { NetworkBuilder } from './network-builder.ts';
import { drawnNetworks } from './networks.ts';

const BATCH = 16;
const WINDOWS = 64;
const ROUNDS = Number(process.argv[2] ?? 31);
const KERNELS = ['compiled', 'plain'] as const;

/** 128-64-32-6, as `train` makes it for the gas sensors: a dense layer is a convolution of one pixel. */
function gasNetwork(): Uint8Array {
  const net = new NetworkBuilder('gas', 1);
  const input = net.input([1, 1, 1, 128]);
  return writeModel(net.build(input, net.classify(net.pointwise(net.pointwise(input, 64), 32), 6)));
}

const drawn = (name: string): Uint8Array => drawnNetworks.find((network) => network.name === name)!.draw(1);

const NETWORKS: readonly (readonly [name: string, file: Uint8Array, pointsMax: number])[] = [
  ['gas 128-64-32-6, all 3', gasNetwork(), 3],
  ['streaming 1-D, last 1', drawn('streaming 1-D'), 1],
  ['streaming 1-D, last 3', drawn('streaming 1-D'), 3],
  ['streaming 1-D, all 7', drawn('streaming 1-D'), 7],
  ['residual 32x32, all 10', drawn('residual 32x32'), 10],
];

/** A step of a learner with a full replay buffer of random windows. */
function stepOf(model: TfliteModel, kernels: 'compiled' | 'plain', pointsMax: number): () => void {
  const engine = createEngine({ kernels });
  const { rank, labelSmoothing } = defaultLearningOptions;
  const wanted = { pointsMax, rank };
  const { interpreter, chosen } = createLearningInterpreter(model, engine, defaultModelLimits, wanted);
  const chain = chosen.points;
  const adapters = interpreter.createAdapterSet({ rank, scaling: 1, points: chain });
  initialiseAdapters(adapters, createRandom(2));
  const { data, scale, zeroPoint } = interpreter.inputs[0]!;
  const { logits } = interpreter;
  const classes = logits.data.length;
  const { priorityAlpha: alpha, factoryShare } = defaultLearningOptions;
  const replay = new ReplayBuffer({
    ...{ capacity: WINDOWS, featureCount: data.length, classes, scale, zeroPoint },
    ...{ alpha, factoryWindows: 0, factoryShare },
  });
  const random = createRandom(3);
  const window = new Float32Array(data.length);
  for (let slot = 0; slot < WINDOWS; slot++) {
    for (let i = 0; i < window.length; i++) window[i] = random.normal();
    replay.add(window, slot % classes);
  }
  const present = (slot: number): void => {
    replay.read(slot, window);
    quantiseInto(window, scale, zeroPoint, data as Int8Array);
  };
  const loss = new CrossEntropy({ logits, classes, labels: replay, smoothing: labelSmoothing });
  const learning = { ...defaultLearningOptions, batch: BATCH };
  const learner = new AdapterLearner({
    ...{ model, interpreter, adapters, chain, loss, replay, present, random, learning },
  });
  return () => learner.step(0, 1);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

for (const [name, file, pointsMax] of NETWORKS) {
  const model = readModel(file, defaultModelLimits);
  const steps = KERNELS.map((kernels) => stepOf(model, kernels, pointsMax));
  const times: number[][] = [[], []];
  for (const step of steps) for (let warm = 0; warm < 3; warm++) step();
  for (let round = 0; round < ROUNDS; round++) {
    steps.forEach((step, at) => {
      const before = performance.now();
      step();
      times[at]!.push(performance.now() - before);
    });
  }
  const [compiled, plain] = times.map(median) as [number, number];
  const ratio = (plain / compiled).toFixed(1);
  const figures = `${compiled.toFixed(3)} ms a step of ${BATCH}, plain ${plain.toFixed(3)} (${ratio} ×)`;
  console.log(`${name.padEnd(24)} ${figures}`);
}
