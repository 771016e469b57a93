import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdapterFactors, type AdapterPoint, createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { type ConvolutionCase, convolutionFile } from '../support/convolution-models.ts';
import { type Dice, dice } from '../support/dice.ts';
import { randomInt8 } from '../support/models.ts';

const convolutions = suite('adapters on convolutions');

const ENGINES = [
  { kernels: 'compiled', packing: 'fast' },
  { kernels: 'compiled', packing: 'compact' },
  { kernels: 'plain', packing: 'fast' },
] as const;

/** Tiles, Winograd's transform, gathered segments, dilation: all ways that the compiled kernels take. */
const randomCase = ({ whole, pick, random }: Dice): ConvolutionCase => {
  const isWinograd = random() < 0.3;
  const isLine = random() < 0.5;
  const side = (line = false): number => (isWinograd ? (line && isLine ? 1 : pick([3, 3, 5])) : whole(1, 4));
  const step = (): number => (isWinograd || random() < 0.6 ? 1 : 2);
  return {
    ...{ kind: 'conv', batch: whole(1, 2), groups: 1, height: whole(5, 9), width: whole(9, 12) },
    inChannels: isWinograd ? whole(13, 32) : pick([1, 2, 3, 5, 8, 17]),
    outChannels: isWinograd ? whole(13, 32) : pick([1, 3, 8, 12, 33, 40]),
    ...{ filterHeight: side(true), filterWidth: side(), strideH: step(), strideW: step() },
    ...{ dilationH: 1, dilationW: (isWinograd && !isLine) || random() < 0.8 ? 1 : 2, padding: whole(0, 1) },
    ...{ activation: whole(0, 3), perChannel: random() < 0.7, withBias: random() < 0.7, ties: false },
  };
};

const RANKS = [1, 2, 3, 8];

interface Adapted {
  readonly point: AdapterPoint;
  readonly factors: AdapterFactors;
  readonly scaling: number;
  readonly output: number[];
}

/** One file in all engines, with the same input and factors that move outputs by several steps, or are wild. */
const runAdapted = ({ random, pick, whole }: Dice, options: ConvolutionCase, wild: boolean): Adapted[] => {
  const model = readModel(convolutionFile(random, options), limits);
  const input = randomInt8(random, options.batch * options.height * options.width * options.inChannels);
  const rank = pick(RANKS);
  const scaling = Math.fround(0.25 + random());
  const size = wild ? 10 ** whole(-6, 8) : 1;
  const factor = (): number => (wild && random() < 0.02 ? pick([Number.NaN, Infinity, 1e38]) : size * (random() - 0.5));
  let first: AdapterFactors | null = null;
  return ENGINES.map(({ kernels, packing }) => {
    const engine = createEngine({ memoryBytes: 8 << 20, kernels });
    const interpreter = createInterpreter(model, { engine, limits: { ...limits, packing }, keepActivations: true });
    const set = interpreter.createAdapterSet({ rank, scaling });
    const [point, factors] = [interpreter.adapterPoints[0]!, set.points[0]!];
    if (first === null) {
      factors.loraA.set(randomInt8(random, factors.loraA.length));
      for (let r = 0; r < rank; r++) factors.loraAScale[r] = (0.5 + random()) / (73 * Math.sqrt(point.inFeatures));
      factors.loraB.set(factors.loraB.map(factor));
      factors.bias.set(factors.bias.map(factor));
      first = factors;
    } else {
      for (const name of ['loraA', 'loraAScale', 'loraB', 'bias'] as const) factors[name].set(first[name]);
    }
    interpreter.inputs[0]!.data.set(input);
    interpreter.invoke(set);
    return { point, factors, scaling, output: [...interpreter.outputs[0]!.data] };
  });
};

convolutions('have the same bits compiled, compact and plain, wild factors among them', () => {
  const chance = dice(481);
  for (let round = 0; round < 60; round++) {
    const options = randomCase(chance);
    const [compiled, ...others] = runAdapted(chance, options, round % 2 === 0);
    for (const { output } of others) {
      assert.equal(output, compiled!.output, `round ${round}: ${JSON.stringify(options)}`);
    }
  }
});

/** The window of a row, from the runs that kernels read, wherever they lie. */
const windowOf = ({ windows, input, inFeatures }: AdapterPoint, row: number): number[] => {
  const table = new Int32Array(input.buffer);
  const values = new Int16Array(input.buffer);
  const first = windows.input + table[windows.rows / 4 + row]!;
  return Array.from({ length: inFeatures }, (_, i) => {
    const run = table[windows.runs / 4 + Math.floor(i / windows.runLength)]!;
    return values[(first + run) / 2 + (i % windows.runLength)]!;
  });
};

convolutions(
  'are a convolution to `rank` channels and one of 1×1 behind it, within the stated rounding of float64',
  () => {
    const chance = dice(482);
    let largest = 0;
    for (let round = 0; round < 16; round++) {
      const [compiled] = runAdapted(chance, { ...randomCase(chance), withBias: false }, false);
      const { point, factors, scaling, output } = compiled!;
      const rank = factors.loraAScale.length;
      for (let row = 0; row < point.rows; row++) {
        const x = windowOf(point, row);
        const sum = (weights: Int8Array, at: number): number => x.reduce((s, v, i) => s + v * weights[at + i]!, 0);
        const hidden = Array.from(factors.loraAScale, (scale, r) => {
          return scale * point.inputScale * sum(factors.loraA, r * point.inFeatures);
        });
        for (let channel = 0; channel < point.outFeatures; channel++) {
          const unit = point.inputScale * point.weightScale[channel]!;
          const low = hidden.reduce((s, u, r) => s + factors.loraB[channel * rank + r]! * u, 0);
          const delta = factors.bias[channel]! + scaling * low;
          const real = sum(point.weights, channel * point.inFeatures) * unit + delta;
          const exact = real / point.outputScale + point.outputZeroPoint;
          const clamped = Math.max(point.activationMin, Math.min(point.activationMax, exact));
          const error = Math.abs(output[row * point.outFeatures + channel]! - clamped);
          const what = `round ${round} row ${row} channel ${channel}`;
          assert.ok(error <= 0.5 + (0.5 * unit) / point.outputScale + 1e-2, `${what}: off by ${error} steps`);
          largest = Math.max(largest, Math.abs(delta / point.outputScale));
        }
      }
    }
    assert.ok(largest > 5, 'adapters moved outputs');
  },
);

convolutions.run();
