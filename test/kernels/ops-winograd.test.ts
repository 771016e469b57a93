import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { NetworkBuilder } from '../../tools/bench/network-builder.ts';
import { ModelBuilder, perTensor, seeded } from '../support/models.ts';
import { runModel } from '../support/one-operator.ts';

const winograd = suite("Winograd's transforms at the ends of their sums");

const [HEIGHT, WIDTH, CHANNELS, OUT] = [8, 15, 36, 36];
/** Of the outputs: the second pixel of the second row, whose window lies inside of the image. */
const MIDDLE = OUT * (WIDTH + 1);
const WEIGHT = 127;
/** Of an input whose zero point is −128. */
const INPUT = 255;
/** What a transform can hold, of either kind. */
const SUM_MAX = 2 ** 25;
const KERNELS = [
  [3, 3],
  [1, 3],
  [3, 1],
] as const;

const LAYER = { channels: 64, kernel: [3, 3] } as const;

interface Extremes {
  readonly kernel: readonly [height: number, width: number];
  /** Products and bias of one sign in most windows; outputs have a step of `SUM_MAX` / 100. */
  readonly bias: number;
}

/** One convolution whose weights are all 127, all −127, or of mixed signs, a channel each in turn. */
const extremeModel = (random: () => number, { kernel: [rows, columns], bias }: Extremes): TfliteModel => {
  const builder = new ModelBuilder();
  const input = builder.int8([1, HEIGHT, WIDTH, CHANNELS], perTensor(1, -128));
  const filter = rows * columns * CHANNELS;
  const signOf = (channel: number): number => [1, -1][channel % 3] ?? (random() < 0.5 ? 1 : -1);
  const values = Int8Array.from({ length: OUT * filter }, (_, at) => WEIGHT * signOf(Math.floor(at / filter)));
  const weights = builder.int8([OUT, rows, columns, CHANNELS], perTensor(1, 0), values);
  const biases = Int32Array.from({ length: OUT }, (_, channel) => (channel % 3 === 1 ? -bias : bias));
  const start = builder.tensor(TensorType.int32, [OUT], perTensor(1, 0), biases);
  const output = builder.int8([1, HEIGHT, WIDTH, OUT], perTensor(Math.fround(SUM_MAX / 100), 0));
  const options = { padding: 0, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, fusedActivation: 0 };
  builder.operator(Builtin.conv2d, [input, weights, start], [output], ['Conv2D', options], 3);
  return builder.build([input], [output]);
};

winograd('the largest sums, and those beyond, come out as from the plain twin', () => {
  const random = seeded(74);
  const pixels = HEIGHT * WIDTH * CHANNELS;
  for (const kernel of KERNELS) {
    const products = kernel[0] * kernel[1] * CHANNELS * WEIGHT * INPUT;
    // The last one that a transform takes, the first that it leaves, and one whose sums would wrap in it.
    for (const bias of [SUM_MAX - 1 - products, SUM_MAX - products, 2 * SUM_MAX - products, 0]) {
      const model = extremeModel(random, { kernel, bias });
      const mixed = Int8Array.from({ length: pixels }, () => (random() < 0.5 ? 127 : -128));
      for (const input of [new Int8Array(pixels).fill(127), new Int8Array(pixels).fill(-128), mixed]) {
        // Fails where compiled and plain kernels differ.
        const [outputs] = runModel(model, [input]);
        if (bias === SUM_MAX - 1 - products && input[0] === 127 && input !== mixed)
          assert.equal([...outputs!.slice(MIDDLE, MIDDLE + 2)], [100, -100], 'sums reach the bound');
      }
    }
  }
});

winograd('a model that fits by the direct way is not refused for its transformed weights', () => {
  const net = new NetworkBuilder('spare memory', 0);
  const input = net.input([1, 8, 8, 64]);
  const model = net.build(input, net.convolution(net.convolution(input, LAYER), LAYER));
  const weightBytes = model.buffers.reduce((sum, { length }) => sum + length, 0);
  const bytesOf = (arenaBytesMax: number): number => {
    const engine = createEngine({ memoryBytes: 16 << 20 });
    return createInterpreter(model, { engine, limits: { ...limits, arenaBytesMax }, keepActivations: false }).memory
      .packedBytes;
  };
  const [direct, one, both] = [4, 12, 20].map((times) => bytesOf(times * weightBytes));
  // Two bytes a weight; one of the two layers with the eight of its transform; both.
  assert.ok(direct! < 2.2 * weightBytes, `${direct} bytes for ${weightBytes}`);
  assert.ok(one! > 4.9 * weightBytes && one! < 5.2 * weightBytes, `${one} bytes for ${weightBytes}`);
  assert.ok(both! > 7.9 * weightBytes, `${both} bytes for ${weightBytes}`);
});

winograd.run();
