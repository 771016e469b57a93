import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { ModelBuilder, perTensor, randomInt8 } from './models.ts';
import type { TensorValues } from './oracle.ts';

export interface LstmModel {
  readonly batches: number;
  readonly steps: number;
  readonly inputs: number;
  readonly cells: number;
  readonly timeMajor: boolean;
  readonly float: boolean;
  /** Bound of the cell state, 0 for none. */
  readonly cellClip: number;
  /** log2 of the cell state's scale. */
  readonly cellExponent: number;
  readonly inputZeroPoint: number;
  readonly hiddenZeroPoint: number;
  /** Standard deviation, roughly, of what goes into a gate. */
  readonly spread: number;
}

const INPUT_SCALE = 0.03;
const HIDDEN_SCALE = 1 / 128;

export const floats = (random: () => number, length: number, range = 1): Float32Array =>
  Float32Array.from({ length }, () => (random() * 2 - 1) * range);

/** One LSTM layer as Keras exports it: constant weights per gate, states as variables, five intermediates. */
export const lstmModel = (random: () => number, layer: LstmModel): TfliteModel => {
  const { batches, steps, inputs, cells, timeMajor, float, spread } = layer;
  const builder = new ModelBuilder();
  const weights = (columns: number, unit: number): number => {
    const length = cells * columns;
    const range = spread / Math.sqrt(columns);
    if (float) return builder.tensor(TensorType.float32, [cells, columns], null, floats(random, length, range * 1.7));
    // int8 values have a deviation of 74: the scale makes the sum over a row what was asked for.
    const scale = range / (74 * unit) / (0.5 + random());
    return builder.int8([cells, columns], perTensor(scale, 0), randomInt8(random, length));
  };
  const sequence = (width: number): number[] => [...(timeMajor ? [steps, batches] : [batches, steps]), width];
  const edge = (width: number, scale: number, zeroPoint: number): number =>
    float
      ? builder.tensor(TensorType.float32, sequence(width), null)
      : builder.int8(sequence(width), perTensor(scale, zeroPoint));
  const input = edge(inputs, INPUT_SCALE, layer.inputZeroPoint);
  const inputWeights = [0, 1, 2, 3].map(() => weights(inputs, float ? 1 : 74 * INPUT_SCALE));
  const recurrentWeights = [0, 1, 2, 3].map(() => weights(cells, float ? 1 : 74 * HIDDEN_SCALE));
  const biases = inputWeights.map((tensor) => {
    if (float) return builder.tensor(TensorType.float32, [cells], null, floats(random, cells, 0.5));
    const scale = builder.scaleOf(tensor) * INPUT_SCALE;
    const values = Int32Array.from(floats(random, cells, 0.5 / scale));
    return builder.tensor(TensorType.int32, [cells], perTensor(scale, 0), values);
  });
  const state = (type: number, scale: number, zeroPoint: number): number =>
    builder.variable(float ? TensorType.float32 : type, [batches, cells], float ? null : perTensor(scale, zeroPoint));
  const hidden = state(TensorType.int8, HIDDEN_SCALE, layer.hiddenZeroPoint);
  const cell = state(TensorType.int16, 2 ** layer.cellExponent, 0);
  const output = edge(cells, HIDDEN_SCALE, layer.hiddenZeroPoint);
  const [none2, none3, none4] = [2, 3, 4].map((count) => new Array<number>(count).fill(-1));
  const operands = [
    input,
    ...inputWeights,
    ...recurrentWeights,
    ...none3!,
    ...biases,
    ...none2!,
    hidden,
    cell,
    ...none4!,
  ];
  const options = { fusedActivation: 4, timeMajor, cellClip: layer.cellClip };
  builder.operator(
    Builtin.unidirectionalSequenceLstm,
    operands,
    [output],
    ['UnidirectionalSequenceLSTM', options],
    float ? 1 : 3,
  );
  if (!float) {
    const gates = [0, 1, 2, 3].map(() => builder.tensor(TensorType.int16, [1], perTensor(1 / 4096, 0)));
    const inside = perTensor(HIDDEN_SCALE, layer.hiddenZeroPoint);
    builder.intermediates([...gates, builder.int8([1], inside)]);
  }
  return builder.build([input], [output]);
};

/** A random sequence for the model. */
export const sequenceFor = (random: () => number, layer: LstmModel): TensorValues => {
  const length = layer.batches * layer.steps * layer.inputs;
  return layer.float ? floats(random, length, 2) : randomInt8(random, length);
};
