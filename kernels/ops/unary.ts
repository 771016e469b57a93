import { TensorType } from '../tflite/tensor-type.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { refuseType } from './binary.ts';
import { prepareLookup } from './lookup.ts';
import { type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext, TensorQuantisation } from './prepare-context.ts';
import { symmetricQuantisation } from './symmetric.ts';

/** A function of one quantised value, made for the scales of its ends. */
export type QuantisedFunction = (from: TensorQuantisation, to: TensorQuantisation) => (q: number) => number;

/** Computes `count` values at the element `to` from those at `from`. */
export type FloatRow = (memory: Float32Array, from: number, to: number, count: number) => void;

/** What an elementwise operator computes for each type it takes. */
export interface UnaryForms {
  readonly int8: QuantisedFunction;
  readonly int16?: QuantisedFunction;
  readonly float32: FloatRow;
}

/** An operator with one input and an output of its type and size. */
export function prepareUnary(context: PrepareContext, forms: UnaryForms): PreparedOperator {
  const { input, output } = unaryEnds(context);
  const { int8, int16, float32 } = forms;
  const { engine } = context;
  const { type } = input.tensor;
  if (type === TensorType.int8) {
    return prepareLookup(context, input, output, int8(context.quantisation(input), context.quantisation(output)));
  }
  if (type === TensorType.int16 && int16 !== undefined) {
    const [from, to] = [symmetricQuantisation(context, input), symmetricQuantisation(context, output)];
    return int16Operator(engine, input, output, int16(from, to));
  }
  if (type === TensorType.float32) return floatOperator(engine, input, output, float32);
  return refuseType(context, type, int16 === undefined ? 'int8 or float32' : 'int8, int16 or float32');
}

/** Input and output of an operator that keeps type and size. */
export function unaryEnds(context: PrepareContext): {
  readonly input: OperatorTensor;
  readonly output: OperatorTensor;
} {
  context.requireArity(1, 1);
  const input = context.activation(0);
  const output = context.output();
  context.requireType(output, input.tensor.type);
  if (input.elements !== output.elements) context.refuse('changes the number of values');
  return { input, output };
}

function int16Operator(
  engine: WasmEngine,
  input: OperatorTensor,
  output: OperatorTensor,
  value: (q: number) => number,
): PreparedOperator {
  const { int16 } = engine;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) / 2;
    const to = addresses.tensor(output.index) / 2;
    return () => {
      for (let i = 0; i < input.elements; i++) int16[to + i] = value(int16[from + i]!);
    };
  });
}

/** A float32 operator that computes its whole output in one row. */
export function floatOperator(
  engine: WasmEngine,
  input: OperatorTensor,
  output: OperatorTensor,
  row: FloatRow,
): PreparedOperator {
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index) / 4;
    const to = addresses.tensor(output.index) / 4;
    return () => row(engine.float32, from, to, input.elements);
  });
}
