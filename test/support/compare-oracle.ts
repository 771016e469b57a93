import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import type { Oracle, TensorValues } from './oracle.ts';

/**
 * Runs a file in TensorFlow Lite, in our compiled kernels and in their plain twins, on every set of inputs, and
 * compares every value of every output.
 *
 * @param memoryBytes of each engine; the many small models of one test need little
 */
export const compareWithOracle = (
  oracle: Oracle,
  file: Uint8Array,
  inputs: readonly (readonly TensorValues[])[],
  what: string,
  memoryBytes = 32 << 20,
): void => {
  const theirs = oracle.load(file);
  const engines = (['compiled', 'plain'] as const).map((kernels) => {
    const engine = createEngine({ memoryBytes, kernels });
    return { kernels, ours: createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false }) };
  });
  const distinct = new Set<number>();
  for (const [round, values] of inputs.entries()) {
    const expected = theirs.runAll(values);
    for (const { kernels, ours } of engines) {
      for (const [index, value] of values.entries()) ours.inputs[index]!.data.set(value);
      ours.invoke();
      const found = ours.outputs.map(({ data }) => data.slice());
      assert.equal(found, expected, `${what}, ${kernels} kernels, input ${round}`);
    }
    for (const output of expected) for (const value of output) distinct.add(value);
  }
  assert.ok(distinct.size > 1, `${what}: all outputs are equal, the comparison says nothing`);
};
