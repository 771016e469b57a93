import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FloatForward } from '../../kernels/quantise/forward.ts';
import { createRandom } from '../../kernels/random.ts';
import type { TrainedLayer } from '../../tools/train/float/layer.ts';
import { TrainerMemory } from '../../tools/train/float/memory.ts';
import { crossEntropy, type Objective, reconstruction } from '../../tools/train/float/objective.ts';
import { build, type Step } from '../../tools/train/float/plan.ts';

const float = suite('float trainer');
const EXAMPLES = 3;

/** Odd sizes throughout, so that tails of the compiled loops run too. */
const PLANS: Readonly<Record<string, readonly Step[]>> = {
  'strided, separable, pooled, dense': [
    { kind: 'convolution', channels: 10, taps: 5, stride: 2, relu: true },
    { kind: 'separable', channels: 9, taps: 3, stride: 2 },
    { kind: 'maxPool', factor: 2 },
    { kind: 'mean' },
    { kind: 'dense', channels: 6, relu: true },
    { kind: 'dense', channels: 3, relu: false },
  ],
  'down and up again': [
    { kind: 'convolution', channels: 8, taps: 3, stride: 1, relu: true },
    { kind: 'convolution', channels: 2, taps: 4, stride: 2, relu: false },
    { kind: 'stretch', factor: 2 },
    { kind: 'convolution', channels: 5, taps: 3, stride: 1, relu: false },
  ],
};
const SIGNAL = { columns: 22, channels: 5 };

function made(plan: readonly Step[]) {
  const memory = new TrainerMemory();
  const random = createRandom(7, 'float');
  const layers = build(plan, SIGNAL, { memory, random, batch: EXAMPLES });
  const x = memory.allocate(EXAMPLES * SIGNAL.columns * SIGNAL.channels);
  for (let i = 0; i < x.data.length; i += 1) x.data[i] = random.normal();
  for (const { value } of layers.flatMap(({ parameters }) => parameters)) {
    for (let i = 0; i < value.data.length; i += 1) value.data[i]! += 0.05 * random.normal();
  }
  const output = layers.at(-1)!.output;
  const size = output.columns * output.channels;
  const dy = memory.allocate(EXAMPLES * size);
  const forward = () => layers.reduce((h, layer) => layer.forward(h, EXAMPLES), x).data;
  return { layers, x: x.data, dy, forward, size };
}

for (const [name, plan] of Object.entries(PLANS)) {
  float(`${name}: gives what the reference of the quantiser gives`, () => {
    const { layers, x, forward, size } = made(plan);
    const network = { input: [1, SIGNAL.columns, SIGNAL.channels], layers: layers.map((layer) => layer.exported()) };
    const reference = new FloatForward(network);
    const ours = forward();
    for (let n = 0; n < EXAMPLES; n += 1) {
      const example = x.subarray((n * x.length) / EXAMPLES, ((n + 1) * x.length) / EXAMPLES);
      reference.run(example).forEach((value, i) => {
        assert.ok(Math.abs(value - ours[n * size + i]!) < 1e-5 * Math.max(1, Math.abs(value)), `${n}, ${i}`);
      });
    }
  });

  float(`${name}: every gradient is the slope that small steps find`, () => {
    const { layers, x, dy, forward, size } = made(plan);
    const truth = Int16Array.of(0, 2, 1);
    const rows = Int32Array.of(0, 1, 2);
    const objective: Objective =
      size === 3
        ? crossEntropy(truth, 3, 0.1)
        : reconstruction(
            x.map((value) => value / 2),
            size,
          );
    objective.loss(forward(), rows, dy.data);
    backward(layers, dy);
    const loss = () => objective.loss(forward(), rows, null) / EXAMPLES;
    for (const [p, { value, gradient }] of layers.flatMap(({ parameters }) => parameters).entries()) {
      for (let i = 0; i < value.data.length; i += 1 + (value.data.length >> 4)) {
        const slope = slopeAt(value.data, i, loss);
        const found = gradient.data[i]!;
        // float32 sums, and a ReLU or a maximum that changes its mind between the two points.
        assert.ok(Math.abs(slope - found) < 2e-3 + 0.03 * Math.abs(slope), `parameter ${p}, ${i}: ${slope}, ${found}`);
      }
    }
  });
}

function backward(layers: readonly TrainedLayer[], dy: ReturnType<typeof made>['dy']): void {
  layers.reduceRight<typeof dy | null>((slope, layer) => layer.backward(slope!, EXAMPLES), dy);
}

function slopeAt(values: Float32Array, i: number, loss: () => number): number {
  const kept = values[i]!;
  const step = 1e-3;
  values[i] = kept + step;
  const above = loss();
  values[i] = kept - step;
  const below = loss();
  values[i] = kept;
  return (above - below) / (2 * step);
}

float.run();
