import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allOperators } from '../../kernels/ops/registry.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { operatorModels } from '../support/operator-models.ts';
import { createOracle } from '../support/oracle.ts';
import { randomNetwork, randomNetworkOptions } from '../support/random-network.ts';

const networks = suite('random convolutional networks');
const oracle = await createOracle();
const NETWORKS = 60;
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
