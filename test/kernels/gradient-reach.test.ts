import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLearningInterpreter } from '../../kernels/gradient/learning-interpreter.ts';
import { GradientProgram } from '../../kernels/gradient/program.ts';
import { findReach } from '../../kernels/gradient/reach.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { learningStateBytes } from '../../kernels/learning/learning-bytes.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { denseNet } from '../support/dense-net.ts';
import { GradientNet } from '../support/gradient-net.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';

const chainOf = (model: TfliteModel): number[] => {
  const engine = createEngine({ memoryBytes: 1 << 20 });
  const interpreter = createInterpreter(model, { engine, limits: defaultModelLimits, keepActivations: true });
  return [...findReach(model, interpreter).points];
};

const chain = suite('layers that learning reaches');

chain('all of a dense network, through SOFTMAX and DEQUANTIZE at its end', () => {
  for (const ending of ['logits', 'softmax'] as const) {
    for (const floatEnds of [false, true]) {
      const net = { sizes: [5, 8, 6, 3], perChannel: true, activation: 1, ending, floatEnds, withBias: true };
      assert.equal(chainOf(denseNet(seeded(1), net)), [0, 1, 2], `${ending} ${floatEnds}`);
    }
  }
});

chain('through LOGISTIC and RESHAPE, and not beyond what no gradient goes through', () => {
  const random = seeded(2);
  const builder = new ModelBuilder();
  const step = perTensor(0.05, 0);
  const dense = (from: number, inFeatures: number, outFeatures: number): number => {
    const weights = builder.int8([outFeatures, inFeatures], step, randomInt8(random, inFeatures * outFeatures));
    const output = builder.int8([1, outFeatures], step);
    const fields = { fusedActivation: 0 };
    builder.operator(Builtin.fullyConnected, [from, weights, -1], [output], ['FullyConnected', fields], 4);
    return output;
  };
  const input = builder.int8([1, 4], step);
  const first = dense(input, 4, 6);
  const product = builder.int8([1, 6], step);
  builder.operator(Builtin.mul, [first, first], [product], ['Mul', { fusedActivation: 0 }], 2);
  const squashed = builder.int8([1, 6], perTensor(1 / 256, -128));
  builder.operator(Builtin.logistic, [dense(product, 6, 6)], [squashed], null, 2);
  const reshaped = builder.int8([1, 5], step);
  const before = dense(squashed, 6, 5);
  builder.operator(Builtin.reshape, [before], [reshaped], ['Reshape', { newShape: [1, 5] }]);
  const model = builder.build([input], [dense(reshaped, 5, 3)]);
  assert.equal(chainOf(model), [1, 2, 3]);
});

chain('a layer of whose gradient a part would be missing does not learn', () => {
  const net = new GradientNet(seeded(3));
  const first = net.conv(net.input([1, 4, 4, 2]), 8, { filter: [3, 3] });
  const second = net.conv(first, 8, { filter: [1, 1] });
  const product = net.elementwise(first, Builtin.tanh, Math.tanh);
  const model = net.build(net.dense(net.mean(net.add(second, product)), 3));
  assert.equal(chainOf(model), [0, 1, 2]);
  // The same graph, with an operator that no gradient goes through in place of TANH.
  const code = model.operatorCodes.findIndex(({ builtin }) => builtin === Builtin.tanh);
  const operatorCodes = model.operatorCodes.with(code, { ...model.operatorCodes[code]!, builtin: Builtin.maximum });
  const operators = model.subgraph.operators.map((operator) =>
    operator.opcodeIndex === code ? { ...operator, inputs: [operator.inputs[0]!, operator.inputs[0]!] } : operator,
  );
  const tensors = model.subgraph.tensors.map((tensor) =>
    tensor.quantisation?.scale[0] === 1 / 128
      ? { ...tensor, quantisation: model.subgraph.tensors[operators[1]!.inputs[0]!]!.quantisation }
      : tensor,
  );
  assert.equal(chainOf({ ...model, operatorCodes, subgraph: { ...model.subgraph, operators, tensors } }), [1, 2]);
});

chain('the last points that fit are chosen, and what the plan says is what they take', () => {
  const net = new GradientNet(seeded(4));
  let x = net.conv(net.input([1, 8, 8, 3]), 16, { filter: [3, 3], activation: 1 });
  for (let block = 0; block < 3; block++) x = net.add(net.conv(x, 16, { filter: [3, 3], activation: 1 }), x);
  const model = net.build(net.dense(net.mean(x), 4));
  const engine = createEngine({ memoryBytes: 4 << 20 });
  const roomy = { ...defaultModelLimits, learningArenaBytesMax: 1 << 20 };
  const { memory: whole } = createLearningInterpreter(model, engine, roomy, { pointsMax: 9, rank: 2 }).chosen;
  const all = whole.arenaBytes + whole.lastingBytes + whole.activationBytes;
  let before = 6;
  for (const bytes of [all, all - 1, Math.floor(all / 2), Math.floor(all / 4), 10]) {
    const boundedLimits = { ...defaultModelLimits, learningArenaBytesMax: bytes };
    const mark = engine.usedBytes;
    const { interpreter, chosen } = createLearningInterpreter(model, engine, boundedLimits, { pointsMax: 9, rank: 2 });
    const { points, memory } = chosen;
    assert.ok(points.length < before, `${bytes} bytes: ${points}`);
    assert.equal(points, [0, 1, 2, 3, 4].slice(5 - points.length));
    before = points.length;
    const taken = engine.usedBytes;
    const adapters = interpreter.createAdapterSet({ rank: 2, scaling: 1, points });
    const own = engine.usedBytes - taken;
    if (points.length > 0) new GradientProgram({ model, interpreter, adapters, points });
    const { arenaBytes, lastingBytes, activationBytes } = memory;
    assert.ok(arenaBytes + lastingBytes + activationBytes <= bytes);
    const extra = engine.usedBytes - taken - own - arenaBytes - lastingBytes;
    assert.ok(extra >= 0 && extra < 64 * (2 * chosen.operators.length + 2), `${extra} bytes more than planned`);
    engine.release(mark);
  }
  assert.is(before, 0);
  const shape = { pointsMax: 9, rank: 2, learnsA: true };
  const { stateBytes } = createLearningInterpreter(model, engine, roomy, shape).chosen.memory;
  const values = 2 * (27 + 3 * 144 + 16) + 3 * (4 * 16 + 4);
  assert.is(stateBytes, learningStateBytes(values), 'A, B and bias of every point');
  const { chosen } = createLearningInterpreter(
    model,
    engine,
    { ...roomy, learningStateBytesMax: stateBytes - 1 },
    shape,
  );
  assert.equal(chosen.points, [1, 2, 3, 4], 'the first point stays frozen');
});

chain.run();
