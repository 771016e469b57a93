import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import type { TensorData } from '../../kernels/tensor-view.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { ModelBuilder, perTensor } from './models.ts';

/** A tensor of a model with one operator; a constant when it has data. */
export interface OperatorTensorCase {
  readonly type: number;
  readonly shape: readonly number[];
  readonly quantisation?: Quantisation | null;
  readonly data?: ArrayBufferView;
}

type Options = [name: string, fields: Record<string, number | boolean | readonly number[]>];

/** A model of a single operator: inputs without data are the model's, in their order. */
export const oneOperator = (
  code: number,
  inputs: readonly OperatorTensorCase[],
  outputs: readonly OperatorTensorCase[],
  options: Options | null,
  version = 2,
): TfliteModel => {
  const builder = new ModelBuilder();
  const add = ({ type, shape, quantisation, data }: OperatorTensorCase): number =>
    builder.tensor(type, shape, quantisation === undefined ? quantisationOf(type) : quantisation, data);
  const from = inputs.map(add);
  const to = outputs.map(add);
  builder.operator(code, from, to, options, version);
  return builder.build(
    from.filter((_, position) => inputs[position]!.data === undefined),
    to,
  );
};

/** int8 with an odd zero point, int16 symmetric, nothing for the rest. */
const quantisationOf = (type: number): Quantisation | null => {
  if (type === TensorType.int8) return perTensor(0.05, -7);
  return type === TensorType.int16 ? perTensor(0.001, 0) : null;
};

/** A constant int32 vector: axes, shapes, paddings. */
export const integers = (...values: number[]): OperatorTensorCase => ({
  type: TensorType.int32,
  shape: [values.length],
  data: Int32Array.from(values),
});

const engines = (['compiled', 'plain'] as const).map((kernels) => createEngine({ memoryBytes: 16 << 20, kernels }));

/** Outputs of one inference after a round trip through the file format; both kinds of kernels must agree. */
export const runModel = (
  model: TfliteModel,
  inputs: readonly TensorData[],
  numerics: Numerics = 'fp32-rne',
): TensorData[] => {
  const file = writeModel(model);
  const [compiled, plain] = engines.map((engine) => {
    const mark = engine.usedBytes;
    const interpreter = createInterpreter(readModel(file, limits), {
      engine,
      limits,
      keepActivations: false,
      numerics,
    });
    for (const [position, values] of inputs.entries()) interpreter.inputs[position]!.data.set(values);
    interpreter.invoke();
    const outputs = interpreter.outputs.map(({ data }) => data.slice());
    engine.release(mark);
    return outputs;
  });
  for (const [position, output] of plain!.entries()) {
    if (output.some((value, index) => !Object.is(value, compiled![position]![index]))) {
      throw new Error('compiled and plain kernels differ');
    }
  }
  return plain!;
};
