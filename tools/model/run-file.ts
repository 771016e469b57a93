import { readFile, writeFile } from 'node:fs/promises';
import { createInterpreter, type TensorView } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType, tensorTypeName } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { CommandError } from '../errors.ts';

/**
 * Runs a model with one int8 input and one int8 output over a file of raw int8 values, one inference after another.
 *
 * @returns the number of inferences.
 * @throws ModelError for the model, CommandError for the input's size or for ends that are not int8.
 */
export async function runFile(modelPath: string, inputPath: string, outputPath: string): Promise<number> {
  const model = readModel(await readFile(modelPath), defaultModelLimits);
  const options = { engine: createEngine(), limits: defaultModelLimits, keepActivations: false };
  const interpreter = createInterpreter(model, options);
  const input = onlyInt8(interpreter.inputs, 'input');
  const output = onlyInt8(interpreter.outputs, 'output');
  const bytes = await readFile(inputPath);
  if (bytes.length === 0 || bytes.length % input.length !== 0) {
    throw new CommandError(
      'inputSize',
      `${inputPath} has ${bytes.length} bytes; the model takes ${input.length} per inference, give a multiple of it`,
    );
  }
  const samples = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const inferences = samples.length / input.length;
  const results = new Int8Array(inferences * output.length);
  for (let index = 0; index < inferences; index++) {
    input.set(samples.subarray(index * input.length, (index + 1) * input.length));
    interpreter.invoke();
    results.set(output, index * output.length);
  }
  await writeFile(outputPath, results);
  return inferences;
}

function onlyInt8(views: readonly TensorView[], what: string): Int8Array {
  if (views.length !== 1) {
    throw new CommandError(
      'modelEnds',
      `the model has ${views.length} ${what}s; raw files hold one, use a model with one`,
    );
  }
  const { data, type } = views[0]!;
  if (type !== TensorType.int8 || !(data instanceof Int8Array)) {
    const name = tensorTypeName(type);
    throw new CommandError('modelEnds', `the model's ${what} is ${name}; export it with int8 inputs and outputs`);
  }
  return data;
}
