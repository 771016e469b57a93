import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { type ConvolutionShape, type Layer, NetworkBuilder } from '../../tools/bench/network-builder.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { rounds } from '../support/rounds.ts';

const shapes = suite('layers of odd shapes between two others, compiled against their plain twins');

const ROUNDS = rounds(60, 600);

const runs = [
  { kernels: 'compiled', packing: 'fast' },
  { kernels: 'compiled', packing: 'compact' },
  { kernels: 'plain', packing: 'fast' },
] as const;

type Random = () => number;

const whole = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

/**
 * The layer between one that writes its input wide and one that reads its output with a border, which must have stayed
 * zero; the outputs on two inputs, by run.
 */
const outputsOf = (random: Random, from: Layer['shape'], add: (net: NetworkBuilder, before: Layer) => Layer) => {
  const net = new NetworkBuilder('odd shapes', whole(random, 0, 1e6));
  const input = net.input([from[0], from[1], from[2], 5]);
  const layer = add(net, net.pointwise(input, from[3]));
  const model = net.build(input, net.convolution(layer, { channels: 3, kernel: [3, 3] }));
  const inputs = [0, 1].map(() => randomInt8(random, from[0] * from[1] * from[2] * 5));
  return runs.map((how) => outputs(model, inputs, how));
};

const outputs = (model: TfliteModel, inputs: readonly Int8Array[], { kernels, packing }: (typeof runs)[number]) => {
  const engine = createEngine({ memoryBytes: 16 << 20, kernels });
  const limits = { ...defaultModelLimits, packing };
  const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
  return inputs.map((values) => {
    interpreter.inputs[0]!.data.set(values);
    interpreter.invoke();
    return Array.from(interpreter.outputs[0]!.data);
  });
};

const compare = (random: Random, from: Layer['shape'], shape: ConvolutionShape | Depthwise, what: string): void => {
  const [compiled, ...others] = outputsOf(random, from, (net, before) =>
    'channels' in shape ? net.convolution(before, shape) : net.depthwise(before, shape),
  );
  others.forEach((other, at) => {
    assert.equal(other, compiled, `${what}, ${runs[at + 1]!.packing} ${from}: ${JSON.stringify(shape)}`);
  });
};

type Depthwise = Parameters<NetworkBuilder['depthwise']>[1];

const windowOf = (random: Random) => ({
  kernel: [whole(random, 1, 4), whole(random, 1, 5)] as const,
  stride: [whole(random, 1, 2), random() < 0.7 ? 1 : 2] as const,
  dilation: [whole(random, 1, 2), random() < 0.7 ? 1 : 2] as const,
  relu: random() < 0.6,
});

/** Groups of pixels, with and without overlap, half blocks, and the patterns of depth multipliers. */
shapes(`${ROUNDS} depthwise layers`, () => {
  const random = seeded(71);
  for (let round = 0; round < ROUNDS; round++) {
    const multiplier = random() < 0.5 ? 1 : whole(random, 2, 9);
    const channels = whole(random, 2, multiplier > 1 ? 13 : 37);
    const from = [whole(random, 1, 2), whole(random, 1, 5), whole(random, 1, 19), channels] as const;
    compare(random, from, { ...windowOf(random), multiplier }, `round ${round}`);
  }
});

/** One segment and several, gathered and not, whole panels, halves and rests. */
shapes(`${ROUNDS} convolutions`, () => {
  const random = seeded(72);
  for (let round = 0; round < ROUNDS; round++) {
    const from = [1, whole(random, 1, 5), whole(random, 1, 11), whole(random, 1, random() < 0.5 ? 4 : 34)] as const;
    const channels = random() < 0.4 ? 8 * whole(random, 0, 4) + whole(random, 1, 2) : whole(random, 1, 60);
    const window = random() < 0.3 ? { kernel: [1, 1] as const } : windowOf(random);
    compare(random, from, { ...window, channels }, `round ${round}`);
  }
});

shapes(`${ROUNDS / 4} convolutions by Winograd's transforms`, () => {
  const random = seeded(73);
  for (let round = 0; round < ROUNDS / 4; round++) {
    const from = [whole(random, 1, 2), whole(random, 2, 10), whole(random, 2, 13), whole(random, 7, 40)] as const;
    const side = (): number => (random() < 0.2 ? 1 : random() < 0.5 ? 3 : whole(random, 2, 7));
    const dilation = random() < 0.6 ? ([1, 1] as const) : ([whole(random, 1, 3), whole(random, 1, 3)] as const);
    compare(random, from, { kernel: [side(), side()], dilation, channels: whole(random, 5, 40) }, `round ${round}`);
  }
});

shapes('layers whose taps lie as far apart in memory, with and without dilation, have tiles of their own', () => {
  // Rows of 21 pixels, of 8 channels and a dilation of 2 or of 16 channels and none; outputs of one shape.
  const net = new NetworkBuilder('tables', 0);
  const input = net.input([1, 16, 16, 5]);
  const [eight, sixteen] = [net.pointwise(input, 8), net.pointwise(input, 16)];
  const dilated = net.convolution(eight, { channels: 16, kernel: [3, 3], dilation: [2, 2] });
  const [one, other] = [eight, sixteen].map((from) => net.convolution(from, { channels: 16, kernel: [5, 5] }));
  const model = net.build(input, net.add(net.add(dilated, one!), other!));
  const inputs = [randomInt8(seeded(75), 16 * 16 * 5)];
  const [compiled, , plain] = runs.map((how) => outputs(model, inputs, how));
  assert.equal(compiled, plain);
});

shapes.run();
