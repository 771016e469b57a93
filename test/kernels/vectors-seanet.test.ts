import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { dataTest } from '../support/data.ts';
import { loadSeanet } from '../support/seanet.ts';

const vectors = suite('int16 activations against the golden outputs of SEANet');

/** Operators of the data set that this engine runs. */
const OPERATORS = [
  'conv', //
  'transpose_conv',
];

for (const operator of OPERATORS) {
  dataTest(vectors, operator, 'tflite_models', () => {
    const cases = loadSeanet(operator);
    assert.ok(cases.length > 0, `no case of ${operator}`);
    for (const { name, file, inputs, golden } of cases) {
      const engine = createEngine({ memoryBytes: 16 << 20 });
      const model = createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false });
      for (const [index, values] of inputs.entries()) model.inputs[index]!.data.set(values);
      model.invoke();
      const found = model.outputs.map(({ data }) => data.slice());
      assert.equal(found, golden, name);
    }
    process.stdout.write(`seanet ${operator}: ${cases.length} cases\n`);
  });
}

vectors.run();
