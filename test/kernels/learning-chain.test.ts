import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { findDenseChain } from '../../kernels/learning/dense-chain.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';

const chainOf = (model: TfliteModel): number[] => {
  const engine = createEngine({ memoryBytes: 1 << 20 });
  const interpreter = createInterpreter(model, { engine, limits: defaultModelLimits, keepActivations: true });
  return findDenseChain(model, interpreter);
};

const chain = suite('dense layers that learning reaches');

chain('all of a dense network, through SOFTMAX and DEQUANTIZE at its end', () => {
  for (const ending of ['logits', 'softmax'] as const) {
    for (const floatEnds of [false, true]) {
      const net = { sizes: [5, 8, 6, 3], perChannel: true, activation: 1, ending, floatEnds, withBias: true };
      assert.equal(chainOf(denseNet(seeded(1), net)), [0, 1, 2], `${ending} ${floatEnds}`);
    }
  }
});

chain('none when something else than a dense layer makes the logits', () => {
  const net = { sizes: [5, 3], perChannel: false, activation: 0, floatEnds: false, withBias: true };
  assert.equal(chainOf(denseNet(seeded(1), { ...net, ending: 'logistic' })), []);
});

chain('RESHAPE is passed, but no gradient goes through another operator to the layers before it', () => {
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
  const squashed = builder.int8([1, 6], perTensor(1 / 256, -128));
  builder.operator(Builtin.logistic, [dense(input, 4, 6)], [squashed], null, 2);
  const reshaped = builder.int8([1, 5], step);
  const before = dense(squashed, 6, 5);
  builder.operator(Builtin.reshape, [before], [reshaped], ['Reshape', { newShape: [1, 5] }]);
  const model = builder.build([input], [dense(reshaped, 5, 3)]);
  assert.equal(chainOf(model), [1, 2]);
});

chain.run();
