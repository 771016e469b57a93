import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelError } from '../../kernels/errors.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { ModelBuilder, perChannel, perTensor } from '../support/models.ts';
import { type Operand, type SingleOperator, singleOperatorModel } from '../support/single-operator.ts';

const refusals = suite('elementwise operators refuse what they cannot do, by name');

const engine = createEngine({ memoryBytes: 1 << 20 });

/** Message with which the model is refused, which must not cost the engine memory; empty when it is taken. */
const messageFor = (model: TfliteModel, options: object = {}): string => {
  const before = engine.usedBytes;
  try {
    createInterpreter(model, { engine, limits, keepActivations: false, ...options });
    engine.release(before);
    return '';
  } catch (error) {
    assert.instance(error, ModelError);
    assert.is(engine.usedBytes, before);
    return `${(error as ModelError).code}: ${(error as ModelError).message}`;
  }
};

const refused = (operator: SingleOperator, message: RegExp, options: object = {}): void => {
  assert.match(messageFor(singleOperatorModel(operator), options), message);
};

const int8 = (shape: readonly number[], scale = 0.1, zeroPoint = 0): Operand => ({
  type: TensorType.int8,
  shape,
  quantisation: perTensor(scale, zeroPoint),
});
const int16 = (shape: readonly number[], scale = 0.001, zeroPoint = 0): Operand => ({
  type: TensorType.int16,
  shape,
  quantisation: perTensor(scale, zeroPoint),
});
const bare = (type: number, shape: readonly number[]): Operand => ({ type, shape, quantisation: null });
const four = int8([4]);
const twoInputs = [Builtin.add, Builtin.sub, Builtin.mul, Builtin.maximum, Builtin.minimum, Builtin.prelu];
const oneInput = [
  Builtin.relu,
  Builtin.relu6,
  Builtin.reluN1To1,
  Builtin.leakyRelu,
  Builtin.hardSwish,
  Builtin.tanh,
  Builtin.logistic,
  Builtin.softmax,
  Builtin.quantize,
  Builtin.dequantize,
];

refusals('a wrong number of operands', () => {
  for (const code of twoInputs) refused({ code, inputs: [four], output: four }, /has 1 inputs and 1 outputs/);
  for (const code of oneInput) refused({ code, inputs: [four, four], output: four }, /has 2 inputs and 1 outputs/);
});

refusals('types that differ or are not numbers', () => {
  for (const code of twoInputs) {
    refused(
      { code, inputs: [four, int16([4])], output: four },
      /unsupportedOperator: .* has int16 where it takes int8/,
    );
    refused({ code, inputs: [four, four], output: int16([4]) }, /has int16 where it takes int8/);
    const flags = bare(TensorType.bool, [4]);
    refused({ code, inputs: [flags, { ...flags, data: new Uint8Array(4) }], output: flags }, /has bool values/);
  }
  for (const code of oneInput) {
    const wide = bare(TensorType.int64, [4]);
    const options: SingleOperator['options'] = ['Softmax', { beta: 1 }];
    refused({ code, inputs: [wide], output: wide, options }, /int64/);
  }
});

refusals('shapes that do not meet, meet elsewhere, or have too many dimensions', () => {
  const cases = [
    [[4], [3], [4]],
    [[4], [4], [5]],
    [[2, 3], [2], [2, 3]],
    [
      [1, 4],
      [4, 1],
      [4, 1],
    ],
    [[1], [1], [4]],
    [[4], [4], [4, 1]],
    [[1, 1, 1, 1, 1, 1, 2], [2], [1, 1, 1, 1, 1, 1, 2]],
  ] as const;
  for (const code of twoInputs) {
    for (const [a, b, output] of cases) {
      refused({ code, inputs: [int8(a), int8(b)], output: int8(output) }, /meets|rank 7/);
    }
  }
  refused({ code: Builtin.prelu, inputs: [int8([1]), int8([4])], output: four }, /broadcasts its input/);
  for (const code of oneInput) {
    const output = code === Builtin.dequantize ? bare(TensorType.float32, [5]) : int8([5]);
    refused({ code, inputs: [four], output }, /changes the number of values/);
  }
});

refusals('fused activations that are no clamp', () => {
  for (const [code, name] of [
    [Builtin.add, 'Add'],
    [Builtin.sub, 'Sub'],
    [Builtin.mul, 'Mul'],
  ] as const) {
    for (const fusedActivation of [4, 5, -1, 99]) {
      const options: SingleOperator['options'] = [name, { fusedActivation }];
      for (const end of [four, int16([4]), bare(TensorType.float32, [4])]) {
        refused({ code, inputs: [end, end], output: end, options }, /activation that is not a clamp/);
      }
    }
  }
});

refusals('quantisation that the arithmetic cannot hold', () => {
  const channels = { type: TensorType.int8, shape: [4], quantisation: perChannel([0.1, 0.2, 0.3, 0.4]) };
  for (const code of [Builtin.add, Builtin.sub, Builtin.mul, Builtin.prelu]) {
    refused({ code, inputs: [four, channels], output: four }, /needs one scale/);
    refused({ code, inputs: [four, bare(TensorType.int8, [4])], output: four }, /needs one scale/);
  }
  for (const code of [Builtin.add, Builtin.sub, Builtin.mul]) {
    const tiny = int8([4], 1e-30);
    refused({ code, inputs: [four, four], output: tiny }, /too small for the scales|too much/);
    refused({ code, inputs: [int16([4], 1, 7), int16([4])], output: int16([4]) }, /zero point 7/);
  }
  refused({ code: Builtin.mul, inputs: [int16([4], 1), int16([4], 1)], output: int16([4], 0.1) }, /too much/);
  for (const code of [Builtin.relu, Builtin.relu6, Builtin.reluN1To1, Builtin.leakyRelu, Builtin.quantize]) {
    refused({ code, inputs: [int8([4], 1e30)], output: four }, /by a factor of/);
  }
  refused({ code: Builtin.hardSwish, inputs: [int8([4], 100)], output: int8([4], 0.001) }, /too small/);
  refused({ code: Builtin.tanh, inputs: [int16([4], 1)], output: int16([4], 0.5) }, /output scale 0.5/);
  refused({ code: Builtin.logistic, inputs: [int16([4], 100)], output: int16([4], 1 / 32768) }, /input scale 100/);
  refused({ code: Builtin.logistic, inputs: [four], output: four }, /instead of 1\/256 and -128/);
  const long = { type: TensorType.int32, shape: [4], quantisation: perTensor(0.1, 0) };
  refused({ code: Builtin.quantize, inputs: [long], output: int8([4], 0.05) }, /int32 values by a factor of 2/);
  refused({ code: Builtin.quantize, inputs: [bare(TensorType.float32, [4])], output: long }, /to int32/);
  refused({ code: Builtin.quantize, inputs: [bare(TensorType.float32, [4])], output: bare(0, [4]) }, /float32 values/);
});

refusals('options of LEAKY_RELU and SOFTMAX, and probabilities in another scale', () => {
  const leaky = (alpha: number): SingleOperator => ({
    code: Builtin.leakyRelu,
    inputs: [four],
    output: four,
    options: ['LeakyRelu', { alpha }],
  });
  for (const alpha of [Number.NaN, Infinity]) refused(leaky(alpha), /has alpha/);
  refused(leaky(-1e30), /by a factor of/);
  const probabilities = int8([4], 1 / 256, -128);
  const softmax = (input: Operand, output: Operand, beta: number): SingleOperator => ({
    code: Builtin.softmax,
    inputs: [input],
    output,
    options: ['Softmax', { beta }],
  });
  for (const beta of [0, -1, Number.NaN, Infinity]) refused(softmax(four, probabilities, beta), /has beta/);
  refused(softmax(four, four, 1), /instead of 1\/256 and -128/);
  refused(softmax(four, int16([4], 1 / 32768), 1), /instead of 1\/65536 and -32768/);
  refused(softmax(int16([4]), int16([4]), 1), /instead of 1\/32768/);
  refused(softmax(int16([4], 1000), int16([4], 1 / 32768), 1e6), /too large for beta/);
  refused(softmax(int8([4], 1e-9), probabilities, 1), /too small for beta/, { numerics: 'reference' });
  const many = { ...int8([5000]), shape: [5000] };
  refused(softmax(many, int8([5000], 1 / 256, -128), 1), /4095 fit/, { numerics: 'reference' });
});

refusals('constants where nothing is left to compute', () => {
  for (const [code, type, message] of [
    [Builtin.dequantize, TensorType.float32, /makes a constant the output of the model/],
    [Builtin.relu, TensorType.int8, /constant or a variable as input 0/],
  ] as const) {
    const builder = new ModelBuilder();
    const input = builder.tensor(TensorType.float32, [4], null);
    const constant = builder.int8([4], perTensor(0.1, 0), new Int8Array(4));
    const output = builder.tensor(type, [4], type === TensorType.int8 ? perTensor(0.1, 0) : null);
    builder.operator(code, [constant], [output], null);
    assert.match(messageFor(builder.build([input], [output])), message);
  }
});

refusals('constants that unpack beyond the limit of memory', () => {
  const builder = new ModelBuilder();
  const packed = builder.tensor(TensorType.float16, [1000], null, new Uint16Array(1000));
  const input = builder.tensor(TensorType.float32, [1000], null);
  const unpacked = Array.from({ length: 100 }, () => {
    const result = builder.tensor(TensorType.float32, [1000], null);
    builder.operator(Builtin.dequantize, [packed], [result], ['Dequantize', {}], 5);
    return result;
  });
  let sum = input;
  for (const constant of unpacked) {
    const next = builder.tensor(TensorType.float32, [1000], null);
    builder.operator(Builtin.add, [sum, constant], [next], ['Add', {}]);
    sum = next;
  }
  const model = builder.build([input], [sum]);
  const few = { limits: { ...limits, arenaBytesMax: 100_000 } };
  assert.match(messageFor(model, few), /modelTooLarge: the model unpacks constants of 104000 bytes/);
  assert.is(messageFor(model), '');
});

refusals.run();
