import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { allOperators } from '../../kernels/ops/registry.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';
import { operatorModels } from '../support/operator-models.ts';
import { createOracle } from '../support/oracle.ts';
import { type ConvolutionShape, convolution, dense } from '../support/random-layers.ts';
import { randomNetwork, randomNetworkOptions } from '../support/random-network.ts';
import { rounds } from '../support/rounds.ts';

const networks = suite('random convolutional networks');
const oracle = await createOracle();
const unit: ConvolutionShape = {
  kernel: [1, 1],
  stride: [1, 1],
  dilation: [1, 1],
  padding: 0,
  activation: 0,
  perChannel: true,
};
const NETWORKS = rounds(24, 60);
const INPUTS = 4;

const valuesOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

networks('TensorFlow Lite loads them all, and their values spread over the int8 range', () => {
  let distinct = 0;
  let features = 0;
  for (let seed = 0; seed < NETWORKS; seed++) {
    const random = seeded(seed);
    const options = randomNetworkOptions(random, { has: () => true });
    const model = oracle.load(writeModel(randomNetwork(random, options)));
    const values = new Set<number>();
    for (let round = 0; round < INPUTS; round++) {
      const output = model.run(randomInt8(random, valuesOf(options.shape)));
      features += output.length;
      for (const value of output) values.add(value);
    }
    distinct += values.size;
  }
  // A network that saturates or dies has one or two values everywhere.
  assert.ok(distinct > features / 3, `${distinct} distinct values of ${features}`);
});

networks('those of operators that are there: bit for bit', () => {
  for (let seed = 0; seed < NETWORKS; seed++) {
    const random = seeded(1000 + seed);
    const options = randomNetworkOptions(random, allOperators);
    const file = writeModel(randomNetwork(random, options));
    const inputs = Array.from({ length: INPUTS }, () => [randomInt8(random, valuesOf(options.shape))]);
    compareWithOracle(oracle, file, inputs, `network ${1000 + seed}`);
  }
});

networks('RESHAPE to another zero point between two layers keeps the bytes, not the numbers', () => {
  const random = seeded(2000);
  const builder = new ModelBuilder();
  const layers = { builder, random };
  const quantisation = perTensor(0.03, 5);
  const shape = [1, 3, 3, 8];
  const input = { index: builder.int8(shape, quantisation), shape, quantisation };
  const first = convolution(layers, input, 8, { ...unit, kernel: [3, 3] });
  const other = perTensor(0.02, -40);
  const flat = builder.int8([1, 72], other);
  const target = builder.tensor(TensorType.int32, [2], null, Int32Array.of(1, 72));
  builder.operator(Builtin.reshape, [first.index, target], [flat], ['Reshape', { newShape: [1, 72] }]);
  const last = dense(layers, { index: flat, shape: [1, 72], quantisation: other }, 5, unit);
  const inputs = Array.from({ length: INPUTS }, () => [randomInt8(random, 72)]);
  compareWithOracle(oracle, writeModel(builder.build([input.index], [last.index])), inputs, 'RESHAPE');
});

networks('adapter points are the same compiled and plain', () => {
  for (let seed = 0; seed < NETWORKS; seed++) {
    const random = seeded(seed);
    const model = randomNetwork(random, randomNetworkOptions(random, allOperators));
    const [compiled, plain] = (['compiled', 'plain'] as const).map((kernels) => {
      const options = { engine: createEngine({ kernels, memoryBytes: 8 << 20 }), limits, keepActivations: false };
      const { adapterPoints } = createInterpreter(model, options);
      return adapterPoints.map(({ operator, rows, inFeatures, outFeatures }) => [
        operator,
        rows,
        inFeatures,
        outFeatures,
      ]);
    });
    assert.equal(compiled, plain, `network ${seed}`);
  }
});

networks('TensorFlow Lite runs the model of one operator in each of its types', () => {
  for (const { name, make } of operatorModels) {
    // The wasm build is older than int4.
    if (name.endsWith('int4')) continue;
    for (let seed = 0; seed < 3; seed++) {
      assert.not.throws(() => oracle.load(writeModel(make(seeded(seed)))).runAll([]));
    }
  }
});

networks.run();
