import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GradientProgram } from '../../kernels/gradient/program.ts';
import { findReach } from '../../kernels/gradient/reach.ts';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { initialiseAdapters } from '../../kernels/learning/adapter-initialisation.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { GradientNet, type GradientNode } from '../support/gradient-net.ts';
import { seeded } from '../support/models.ts';

const gradients = suite('gradient program');

type Draw = (net: GradientNet) => GradientNode;

const RANK = 2;
const SCALING = 0.7;

interface Trained {
  readonly interpreter: Interpreter;
  readonly program: GradientProgram;
  /** Slopes of the loss Σ weight × y. */
  readonly weights: readonly number[];
}

/** The network with random adapters at every point, run once on a random input, and gone back through. */
const train = (model: TfliteModel, seed: number, kernels: 'compiled' | 'plain'): Trained => {
  const random = seeded(seed);
  const engine = createEngine({ memoryBytes: 8 << 20, kernels });
  const keepActivations = model.subgraph.operators.map((_, at) => at);
  const interpreter = createInterpreter(model, { engine, limits, keepActivations });
  const adapters = interpreter.createAdapterSet({ rank: RANK, scaling: SCALING });
  initialiseAdapters(adapters, createRandom(seed));
  for (const { loraB, bias } of adapters.points) {
    for (const values of [loraB, bias]) for (let i = 0; i < values.length; i++) values[i] = (random() - 0.5) / 2;
  }
  const { points } = findReach(model, interpreter);
  const program = new GradientProgram({ model, interpreter, adapters, points, learnsA: true });
  const input = interpreter.inputs[0]!.data;
  for (let i = 0; i < input.length; i++) input[i] = Math.floor(random() * 180) - 90;
  interpreter.invoke(adapters);
  const weights = Array.from(program.output, () => random() * 2 - 1);
  program.output.set(weights);
  program.run();
  return { interpreter, program, weights };
};

/** Real values of a node where the int8 network stands. */
const tapped = ({ interpreter }: Trained, { tensor, scale, zeroPoint }: GradientNode): number[] => {
  const { values, offset, runs, length, start } = interpreter.stored(tensor);
  return Array.from({ length: runs }, (_, run) =>
    Array.from(values.subarray(start(run), start(run) + length), (q) => (q + offset - zeroPoint) * Math.fround(scale)),
  ).flat();
};

const isClamped = ({ activation, scale }: GradientNode, y: number): boolean =>
  (activation !== 0 && y <= 0) || (activation === 3 && y >= 6 - scale / 2);

/**
 * Loss of the float64 twin around the point where the int8 network stands: each node adds the constant that makes its
 * output there equal the engine's (rounding passed straight through), and what is clamped there stays as it is.
 */
const twinLoss = (nodes: readonly GradientNode[], output: GradientNode, trained: Trained) => {
  const at = new Map(nodes.map((node) => [node, tapped(trained, node)]));
  const { adapters } = trained.program;
  const real = new Map(
    adapters.map(({ point, factors, rank, scaling }) => {
      const { loraA, loraAScale, loraB, bias } = factors;
      const a = Array.from(loraA, (q, i) => q * loraAScale[Math.floor(i / point.inFeatures)]!);
      const b = Array.from(loraB);
      return [point.operator, { rank, scaling, a, b, bias: Array.from(bias) }] as const;
    }),
  );
  const forward = (node: GradientNode, values: ReadonlyMap<GradientNode, number[]>): number[] => {
    const of = (source: ReadonlyMap<GradientNode, number[]>) => node.inputs.map((input) => source.get(input)!);
    return node.compute(of(values), of(at), real.get(node.operator) ?? null);
  };
  const offsets = new Map(nodes.slice(1).map((node) => [node, forward(node, at).map((y, i) => at.get(node)![i]! - y)]));
  const loss = (): number => {
    const values = new Map([[nodes[0]!, at.get(nodes[0]!)!]]);
    for (const node of nodes.slice(1)) {
      const there = at.get(node)!;
      const y = forward(node, values);
      values.set(
        node,
        y.map((value, i) => (isClamped(node, there[i]!) ? there[i]! : value + offsets.get(node)![i]!)),
      );
    }
    return values.get(output)!.reduce((sum, y, i) => sum + trained.weights[i]! * y, 0);
  };
  return { loss, real };
};

/** Compares every gradient with finite differences; returns how many adapters learn. */
const check = (draw: Draw, seed: number, what: string): number => {
  const net = new GradientNet(seeded(seed));
  const output = draw(net);
  const model = net.build(output);
  const trained = train(model, seed, 'compiled');
  const plain = train(model, seed, 'plain');
  const { loss, real } = twinLoss(net.nodes, output, trained);
  trained.program.adapters.forEach(({ point, loraBGradient, biasGradient, loraAGradient }, index) => {
    const adapter = real.get(point.operator)!;
    const twin = plain.program.adapters[index]!;
    assert.equal(twin.loraBGradient, loraBGradient, `${what}: dB of operator ${point.operator} has other bits plain`);
    assert.equal(twin.biasGradient, biasGradient, `${what}: dbias of operator ${point.operator} has other bits plain`);
    assert.equal(twin.loraAGradient, loraAGradient, `${what}: dA of operator ${point.operator} has other bits plain`);
    const learned = [...loraBGradient, ...biasGradient, ...loraAGradient];
    const largest = Math.max(0.05, ...learned.map(Math.abs));
    for (const [values, analytic, name] of [
      [adapter.b, loraBGradient, 'dB'],
      [adapter.bias, biasGradient, 'dbias'],
      [adapter.a, loraAGradient, 'dA'],
    ] as const) {
      // A handful of the values: all of them would take as many forward passes.
      const step = Math.max(1, Math.floor(values.length / 7));
      for (let i = seed % step; i < values.length; i += step) {
        const before = values[i]!;
        values[i] = before + 1e-4;
        const above = loss();
        values[i] = before - 1e-4;
        const numeric = (above - loss()) / 2e-4;
        values[i] = before;
        const error = Math.abs(analytic[i]! - numeric);
        const place = `${what}, seed ${seed}, operator ${point.operator}, ${name} ${i}`;
        assert.ok(error < 2e-4 * largest, `${place}: ${analytic[i]} is not ${numeric}`);
      }
    }
  });
  const moved = trained.program.adapters.filter(({ biasGradient }) => biasGradient.some((g) => g !== 0));
  assert.is(moved.length, trained.program.adapters.length, `${what}: some adapter has no gradient at all`);
  return moved.length;
};

const RELU = 1;
const RELU6 = 3;

/** An adapted convolution, the operator under test, and a dense layer that mixes what comes out. */
const between = (middle: (net: GradientNet, from: GradientNode) => GradientNode): Draw => {
  return (net) => {
    const first = net.conv(net.input([1, 6, 7, 3]), 8, { filter: [3, 3], activation: RELU });
    const last = middle(net, first);
    const size = last.shape.reduce((a, b) => a * b, 1);
    return net.dense(net.reshape(last, [1, size]), 4);
  };
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const OPERATORS: Readonly<Record<string, Draw>> = {
  'CONV_2D 3×3 SAME': between((net, x) => net.conv(x, 9, { filter: [3, 3], activation: RELU6 })),
  'CONV_2D with strides, VALID': between((net, x) => net.conv(x, 5, { filter: [3, 2], stride: [2, 3], padding: 1 })),
  'CONV_2D dilated': between((net, x) => net.conv(x, 6, { filter: [2, 3], dilation: [2, 2] })),
  'CONV_2D 1×1, strided': between((net, x) => net.conv(x, 11, { filter: [1, 1], stride: [2, 2], activation: RELU })),
  'CONV_2D after five channels': between((net, x) => {
    return net.conv(net.conv(x, 5, { filter: [1, 1] }), 6, { filter: [3, 3], stride: [2, 1] });
  }),
  DEPTHWISE_CONV_2D: between((net, x) => net.depthwise(x, 1, { filter: [3, 3], stride: [2, 1], activation: RELU6 })),
  'DEPTHWISE_CONV_2D with a multiplier': between((net, x) => net.depthwise(x, 2, { filter: [2, 3], dilation: [1, 2] })),
  'FULLY_CONNECTED over rows': between((net, x) => net.dense(net.reshape(x, [42, 8]), 5, { activation: RELU })),
  AVERAGE_POOL_2D: between((net, x) => net.pool(x, 'average', { filter: [3, 2], stride: [2, 2] })),
  MAX_POOL_2D: between((net, x) => net.pool(x, 'max', { filter: [3, 3], stride: [2, 1], padding: 1 })),
  MEAN: between((net, x) => net.mean(x)),
  ADD: between((net, x) => net.add(x, net.conv(x, 8, { filter: [1, 1] }), RELU)),
  'ADD of a tensor to itself': between((net, x) => net.add(x, x)),
  RELU: between((net, x) => net.elementwise(x, Builtin.relu, (v) => Math.max(0, v))),
  // Its kink is moved off the values of int8, of which 0 is one.
  LEAKY_RELU: between((net, x) => {
    const y = net.conv(x, 8, { filter: [1, 1] });
    return net.elementwise(y, Builtin.leakyRelu, (v) => (v < -0.01 ? 0.25 * v : v), 0.25);
  }),
  HARD_SWISH: between((net, x) => {
    const y = net.conv(x, 8, { filter: [1, 1] });
    return net.elementwise(y, Builtin.hardSwish, (v) => (v * Math.max(0, Math.min(6, v + 3))) / 6);
  }),
  LOGISTIC: between((net, x) => net.elementwise(net.conv(x, 8, { filter: [1, 1] }), Builtin.logistic, sigmoid)),
  TANH: between((net, x) => net.elementwise(net.conv(x, 8, { filter: [1, 1] }), Builtin.tanh, Math.tanh)),
  QUANTIZE: between((net, x) => net.elementwise(x, Builtin.quantize, (v) => v)),
  CONCATENATION: between((net, x) => net.concatenate([x, net.conv(x, 3, { filter: [1, 1] })], 3)),
  PAD: between((net, x) => net.conv(net.pad(x), 4, { filter: [3, 3], padding: 1 })),
};

for (const [name, draw] of Object.entries(OPERATORS)) {
  gradients(`of ${name} equal finite differences of the float function, compiled and plain alike`, () => {
    assert.ok(check(draw, 1, name) >= 2, `${name}: the first layer learns`);
  });
}

const residual: Draw = (net) => {
  let x = net.conv(net.input([1, 8, 8, 3]), 8, { filter: [3, 3], activation: RELU });
  for (const stride of [1, 2] as const) {
    const main = net.conv(x, 8 * stride, { filter: [3, 3], stride: [stride, stride], activation: RELU });
    const side = stride === 1 ? x : net.conv(x, 16, { filter: [1, 1], stride: [2, 2] });
    x = net.add(net.conv(main, 8 * stride, { filter: [3, 3] }), side, RELU);
  }
  return net.dense(net.mean(x), 5);
};

const separable: Draw = (net) => {
  let x = net.conv(net.input([1, 9, 5, 1]), 12, { filter: [5, 3], stride: [2, 2], activation: RELU6 });
  for (let block = 0; block < 2; block++) {
    x = net.depthwise(x, 1, { filter: [3, 3], activation: RELU6 });
    x = net.conv(x, 12, { filter: [1, 1], activation: RELU6 });
  }
  return net.dense(net.reshape(net.pool(x, 'average', { filter: [5, 3], padding: 1 }), [1, 12]), 4);
};

const streaming: Draw = (net) => {
  let x = net.conv(net.input([1, 1, 32, 3]), 10, { filter: [1, 5], stride: [1, 2], activation: RELU });
  x = net.pool(net.conv(x, 16, { filter: [1, 3], activation: RELU }), 'max', { filter: [1, 2], stride: [1, 2] });
  return net.dense(net.dense(net.mean(x), 12, { activation: RELU }), 6);
};

gradients('of a residual, a separable and a one-dimensional network equal finite differences at all adapters', () => {
  assert.is(check(residual, 3, 'residual'), 7);
  assert.is(check(separable, 3, 'separable'), 4);
  assert.is(check(streaming, 3, 'streaming'), 4);
});

gradients('a run allocates nothing, and adds to what was there', () => {
  const net = new GradientNet(seeded(7));
  const { program, weights } = train(net.build(residual(net)), 7, 'compiled');
  const once = program.adapters.map(({ loraBGradient }) => loraBGradient.slice());
  const constructed = countTypedArrays(() => {
    program.output.set(weights);
    program.run();
  });
  assert.is(constructed, 0);
  program.adapters.forEach(({ loraBGradient }, at) => {
    assert.equal(
      loraBGradient,
      once[at]!.map((value) => 2 * value),
    );
  });
});

gradients.run();
