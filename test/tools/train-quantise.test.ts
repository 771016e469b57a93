import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { affineOf } from '../../kernels/quantise/affine.ts';
import { calibrate } from '../../kernels/quantise/calibrate.ts';
import { FloatForward } from '../../kernels/quantise/forward.ts';
import { type DenseLayer, denseNetwork, type Network } from '../../kernels/quantise/network.ts';
import { tfliteModel } from '../../kernels/quantise/network-tflite.ts';
import { quantiseNetwork } from '../../kernels/quantise/quantise-network.ts';
import { createRandom } from '../../kernels/random.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { createOracle } from '../support/oracle.ts';

const quantise = suite('quantise');
const INPUT = { low: -4, high: 4 };

function randomNetwork(widths: readonly number[], seed: number): Network {
  const random = createRandom(seed, 'network');
  const layers = widths.slice(1).map((outFeatures, l): DenseLayer => {
    const inFeatures = widths[l]!;
    // Channels of very different size are what per-channel scales are for.
    const size = Float32Array.from({ length: outFeatures }, () => Math.exp(2 * random.normal()));
    const weights = Float32Array.from(
      { length: outFeatures * inFeatures },
      (_, i) => (random.normal() * size[Math.floor(i / inFeatures)]!) / Math.sqrt(inFeatures),
    );
    const bias = Float32Array.from({ length: outFeatures }, () => 0.1 * random.normal());
    const activation = l + 2 < widths.length ? ('relu' as const) : ('none' as const);
    return { kind: 'dense', inFeatures, outFeatures, weights, bias, activation };
  });
  return denseNetwork(layers);
}

function randomInputs(rows: number, features: number, seed: number): Float32Array {
  const random = createRandom(seed, 'inputs');
  return Float32Array.from({ length: rows * features }, () => random.normal());
}

function quantised(network: Network, inputs: Float32Array): Uint8Array {
  const ranges = { input: INPUT, layers: calibrate(network, inputs, INPUT) };
  return writeModel(tfliteModel(quantiseNetwork(network, ranges), 'test', []));
}

function interpreterOf(bytes: Uint8Array) {
  const options = { engine: createEngine(), limits: defaultModelLimits, keepActivations: false };
  return createInterpreter(readModel(bytes, defaultModelLimits), options);
}

quantise('a range always holds 0 exactly and never has a scale of 0', () => {
  for (const [low, high] of [
    [-4, 4],
    [0, 6],
    [2, 5],
    [-5, -2],
    [0, 0],
    [-1e-9, 1e-9],
    [-1e6, 3],
  ] as const) {
    const { scale, zeroPoint } = affineOf({ low, high });
    assert.ok(scale > 0 && Math.fround(scale) === scale && Number.isInteger(zeroPoint));
    assert.ok(zeroPoint >= -128 && zeroPoint <= 127);
    const reached = [scale * (-128 - zeroPoint), scale * (127 - zeroPoint)];
    assert.ok(reached[0]! <= low + scale && reached[1]! >= high - scale, `${low}..${high} became ${reached}`);
  }
});

quantise('the int8 model says what the float network says, within a few steps of its output', () => {
  const network = randomNetwork([12, 16, 5], 1);
  const inputs = randomInputs(500, 12, 2);
  const interpreter = interpreterOf(quantised(network, inputs));
  const input = interpreter.inputs[0]!;
  const { scale, zeroPoint, data } = interpreter.logits;
  const forward = new FloatForward(network);
  let squares = 0;
  for (let row = 0; row < 500; row += 1) {
    const x = inputs.subarray(row * 12, (row + 1) * 12);
    quantiseInto(x, input.scale, input.zeroPoint, input.data as Int8Array);
    interpreter.invoke();
    forward.run(x).forEach((wanted, c) => {
      squares += ((scale * (data[c]! - zeroPoint) - wanted) / scale) ** 2;
    });
  }
  const rms = Math.sqrt(squares / (500 * 5));
  assert.ok(rms < 2, `root mean square error of ${rms.toFixed(2)} steps`);
});

quantise('a dead channel with a bias keeps its bias', () => {
  const weights = Float32Array.of(1, -1, 0, 0);
  const layer = {
    kind: 'dense',
    inFeatures: 2,
    outFeatures: 2,
    weights,
    bias: Float32Array.of(0, 1.5),
    activation: 'none',
  } as const;
  const interpreter = interpreterOf(quantised(denseNetwork([layer]), randomInputs(50, 2, 3)));
  interpreter.inputs[0]!.data.fill(interpreter.inputs[0]!.zeroPoint);
  interpreter.invoke();
  const { scale, zeroPoint, data } = interpreter.logits;
  assert.ok(Math.abs(scale * (data[1]! - zeroPoint) - 1.5) <= scale / 2 + 1e-6);
});

quantise('every bias has the scale of its products, as the format demands', () => {
  const bytes = quantised(randomNetwork([6, 5, 4, 3], 7), randomInputs(100, 6, 8));
  const { tensors, operators } = readModel(bytes, defaultModelLimits).subgraph;
  for (const { inputs } of operators.slice(0, 3)) {
    const [input, weights, bias] = inputs.map((t) => tensors[t]!.quantisation!.scale);
    assert.equal(
      bias,
      weights!.map((scale) => scale * input![0]!),
    );
  }
});

quantise('the file runs in TensorFlow Lite itself, bit-identical on 300 inputs', async () => {
  const oracle = await createOracle();
  const bytes = quantised(randomNetwork([37, 19, 33, 7], 4), randomInputs(200, 37, 5));
  const theirs = oracle.load(bytes);
  const ours = interpreterOf(bytes);
  const random = createRandom(6, 'oracle');
  for (let i = 0; i < 300; i += 1) {
    const input = Int8Array.from({ length: 37 }, () => random.integer(256) - 128);
    ours.inputs[0]!.data.set(input);
    ours.invoke();
    assert.equal([...ours.outputs[0]!.data], [...theirs.run(input)], `input ${i}`);
  }
});

quantise.run();
