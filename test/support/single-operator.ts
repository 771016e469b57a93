import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { ModelBuilder } from './models.ts';

/** One tensor of a model with a single operator; with `data` it is a constant. */
export interface Operand {
  readonly type: number;
  readonly shape: readonly number[];
  readonly quantisation: Quantisation | null;
  readonly data?: ArrayBufferView;
}

export interface SingleOperator {
  readonly code: number;
  readonly inputs: readonly Operand[];
  readonly output: Operand;
  readonly options?: [name: string, fields: Record<string, number | boolean | readonly number[]>] | null;
  readonly version?: number;
}

/** A model that is one operator; its computed operands are the model's inputs. */
export const singleOperatorModel = ({ code, inputs, output, options, version }: SingleOperator): TfliteModel => {
  const builder = new ModelBuilder();
  const tensors = inputs.map(({ type, shape, quantisation, data }) => builder.tensor(type, shape, quantisation, data));
  const result = builder.tensor(output.type, output.shape, output.quantisation);
  builder.operator(code, tensors, [result], options ?? null, version);
  return builder.build(
    tensors.filter((_, index) => inputs[index]!.data === undefined),
    [result],
  );
};

export const singleOperatorFile = (operator: SingleOperator): Uint8Array => writeModel(singleOperatorModel(operator));
