import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import { type AddParameters, requantisedSum, scaledAddend } from '../../kernels/ops/add-reference.ts';
import { fixedPointExp, reciprocalOfOnePlus } from '../../kernels/ops/fixed-point-exp.ts';
import { productByMultiplier } from '../../kernels/ops/mul-reference.ts';
import { fixedPointExponentials, softmaxFixedPoint } from '../../kernels/ops/softmax-fixed-point.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { perTensor } from '../support/models.ts';
import { type Operand, singleOperatorModel } from '../support/single-operator.ts';

const reference = suite('elementwise operators in reference numerics');

interface VectorCase {
  readonly case: string;
  readonly config: Record<string, number> & { readonly layer_type: string };
  readonly arrays: Record<string, { readonly type: string; readonly data: readonly number[] }>;
}

const vectors = (name: string): VectorCase[] => {
  const text = gunzipSync(readFileSync(dataPath('cmsis_nn_vectors', `${name}.jsonl.gz`))).toString();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as VectorCase);
};

const run = (model: TfliteModel, inputs: readonly (readonly number[])[], numerics: Numerics): number[] => {
  const engine = createEngine({ memoryBytes: 4 << 20 });
  const ours = createInterpreter(model, { engine, limits, keepActivations: false, numerics });
  inputs.forEach((values, index) => void ours.inputs[index]!.data.set(values));
  ours.invoke();
  return Array.from(ours.outputs[0]!.data);
};

const int8 = (shape: readonly number[], scale: number, zeroPoint: number): Operand => ({
  type: TensorType.int8,
  shape,
  quantisation: perTensor(scale, zeroPoint),
});

dataTest(reference, 'ADD of CMSIS-NN, int8 and int16', 'cmsis_nn_vectors', () => {
  const cases = vectors('add');
  for (const { case: name, config: c, arrays } of cases) {
    const parameters: AddParameters = {
      leftShift: c.left_shift!,
      a: { offset: c.input1_offset!, factor: { multiplier: c.input1_mult!, shift: c.input1_shift! } },
      b: { offset: c.input2_offset!, factor: { multiplier: c.input2_mult!, shift: c.input2_shift! } },
      output: { multiplier: c.output_mult!, shift: c.output_shift! },
      outputOffset: c.output_offset!,
      activationMin: c.out_activation_min!,
      activationMax: c.out_activation_max!,
    };
    const found = arrays.input1!.data.map((a, index) => {
      const b = arrays.input2!.data[index]!;
      const sum =
        scaledAddend(a, parameters.a, parameters.leftShift) + scaledAddend(b, parameters.b, parameters.leftShift);
      return requantisedSum(sum, parameters);
    });
    assert.equal(found, arrays.output_ref!.data, name);
  }
  assert.is(cases.length, 2);
  // The int8 case as a model: its multipliers are those of the scales 1 and 1 to 2.
  const { arrays } = cases[0]!;
  const end = int8([128], 1, -128);
  const model = singleOperatorModel({
    code: Builtin.add,
    inputs: [end, end],
    output: int8([128], 2, -128),
    options: ['Add', {}],
  });
  assert.equal(run(model, [arrays.input1!.data, arrays.input2!.data], 'reference'), arrays.output_ref!.data);
});

dataTest(reference, 'MUL of CMSIS-NN, int8 and int16', 'cmsis_nn_vectors', () => {
  const cases = vectors('mul');
  for (const { case: name, config: c, arrays } of cases) {
    const factor = { multiplier: c.output_mult!, shift: c.output_shift! };
    const frame = {
      aZeroPoint: -c.input1_offset!,
      bZeroPoint: -c.input2_offset!,
      outputZeroPoint: c.output_offset!,
      activationMin: c.out_activation_min!,
      activationMax: c.out_activation_max!,
    };
    const found = arrays.input1!.data.map((a, index) =>
      productByMultiplier(a, arrays.input2!.data[index]!, factor, frame),
    );
    assert.equal(found, arrays.output_ref!.data, name);
  }
  assert.is(cases.length, 2);
  const { arrays } = cases[0]!;
  const end = int8([160], 1 / 255, -128);
  const model = singleOperatorModel({ code: Builtin.mul, inputs: [end, end], output: end, options: ['Mul', {}] });
  assert.equal(run(model, [arrays.input1!.data, arrays.input2!.data], 'reference'), arrays.output_ref!.data);
});

dataTest(reference, 'MAXIMUM and MINIMUM of CMSIS-NN with their broadcasting', 'cmsis_nn_vectors', () => {
  const cases = vectors('max_min');
  for (const { case: name, config: c, arrays } of cases) {
    const shape = (suffix: string) => ['batch', 'height', 'width', 'channel'].map((side) => c[`${side}_${suffix}`]!);
    const result = ['batch', 'height', 'width', 'channel'].map((side) => c[`output_${side}`]!);
    const model = singleOperatorModel({
      code: c.layer_type === 'maximum' ? Builtin.maximum : Builtin.minimum,
      inputs: [int8(shape('1'), 1, 0), int8(shape('2'), 1, 0)],
      output: int8(result, 1, 0),
    });
    const inputs = [arrays.input_tensor_1!.data, arrays.input_tensor_2!.data];
    for (const numerics of ['fp32-rne', 'reference'] as const) {
      assert.equal(run(model, inputs, numerics), arrays.output!.data, `${name}, ${numerics}`);
    }
  }
  assert.is(cases.length, 7);
});

dataTest(reference, 'SOFTMAX of CMSIS-NN, int8 and int16 results', 'cmsis_nn_vectors', () => {
  const cases = vectors('softmax');
  for (const { case: name, config: c, arrays } of cases) {
    const input = Int8Array.from(arrays.input!.data);
    const wide = arrays.output_ref!.type === 'int16_t';
    const output = wide ? new Int16Array(c.dst_size!) : new Int8Array(c.dst_size!);
    const parameters = { multiplier: c.input_mult!, leftShift: c.input_left_shift!, differenceMin: c.diff_min! };
    const table = fixedPointExponentials(parameters);
    for (let row = 0; row < c.num_rows!; row++) {
      softmaxFixedPoint(input, row * c.row_size!, output, row * c.row_size!, c.row_size!, table);
    }
    assert.equal(Array.from(output), arrays.output_ref!.data, name);
    // And as a model: the scale is what the multiplier was made of.
    const scale = c.input_mult! / 2147483648 / 2 ** (26 - c.input_left_shift!);
    const shape = [c.num_rows!, c.row_size!];
    const probabilities: Operand = {
      type: wide ? TensorType.int16 : TensorType.int8,
      shape,
      quantisation: wide ? perTensor(1 / 65536, -32768) : perTensor(1 / 256, -128),
    };
    const model = singleOperatorModel({
      code: Builtin.softmax,
      inputs: [int8(shape, scale, 0)],
      output: probabilities,
      options: ['Softmax', { beta: 1 }],
    });
    assert.equal(run(model, [arrays.input!.data], 'reference'), arrays.output_ref!.data, `${name} as a model`);
  }
  assert.is(cases.length, 2);
});

reference('the fixed-point exponential and reciprocal stay as close as their polynomials promise', () => {
  for (let step = 0; step < 50_000; step++) {
    const share = step / 50_000;
    const x = -Math.floor(share * 31.9 * 2 ** 26);
    assert.ok(Math.abs(fixedPointExp(x) / 2 ** 31 - Math.exp(x / 2 ** 26)) < 2.3e-7, `exp of ${x}`);
    const a = Math.floor(share * 2 ** 31);
    assert.ok(Math.abs(reciprocalOfOnePlus(a) - 2 ** 31 / (1 + share)) < 8, `reciprocal of 1 + ${a}`);
  }
});

reference('SOFTMAX over 4,000 equal classes keeps its sum within 32 bits', () => {
  const shape = [1, 4000];
  const output: Operand = { type: TensorType.int16, shape, quantisation: perTensor(1 / 65536, -32768) };
  const inputs = [int8(shape, 0.1, 0)];
  const model = singleOperatorModel({ code: Builtin.softmax, inputs, output, options: ['Softmax', { beta: 1 }] });
  const shares = new Set(run(model, [new Array<number>(4000).fill(5)], 'reference'));
  assert.equal([...shares], [Math.round(65536 / 4000) - 32768]);
});

reference('QUANTIZE of float32 and int8 in reference numerics rounds half away from zero', () => {
  const halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 200, -200];
  const float: Operand = { type: TensorType.float32, shape: [8], quantisation: null };
  const quantised = (input: Operand, scale: number) =>
    singleOperatorModel({
      code: Builtin.quantize,
      inputs: [input],
      output: int8([8], scale, 1),
      options: ['Quantize', {}],
    });
  const away = [-2, -1, 0, 2, 3, 4, 127, -128];
  assert.equal(run(quantised(float, 1), [halves], 'reference'), away);
  assert.equal(run(quantised(float, 1), [halves], 'fp32-rne'), [-1, -1, 1, 1, 3, 3, 127, -128]);
  // Odd halves again, as quarters of even integers; fp32-rne rounds them half up, as XNNPACK's qs8-vcvt.
  const quarters = [-10, -6, -2, 2, 6, 10, 127, -128];
  assert.equal(run(quantised(int8([8], 0.25, 0), 1), [quarters], 'reference'), [-2, -1, 0, 2, 3, 4, 33, -31]);
  assert.equal(run(quantised(int8([8], 0.25, 0), 1), [quarters], 'fp32-rne'), [-1, 0, 1, 2, 3, 4, 33, -31]);
});

interface SeanetCase {
  readonly model: string;
  readonly inputs: readonly { readonly data: readonly number[] }[];
  readonly golden: readonly { readonly data: readonly number[] }[];
}

dataTest(reference, 'ADD, SUB, LEAKY_RELU and QUANTIZE of seanet match their golden outputs', 'tflite_models', () => {
  const text = gunzipSync(readFileSync(dataPath('tflite_models', 'seanet', 'cases.json.gz'))).toString();
  const cases = (JSON.parse(text) as SeanetCase[]).filter(({ model }) => /(add|sub|leaky_relu|quantize)\d/.test(model));
  for (const { model, inputs, golden } of cases) {
    const file = readModel(readFileSync(dataPath('tflite_models', model)), limits);
    for (const numerics of ['reference', 'fp32-rne'] as const) {
      const found = run(
        file,
        inputs.map(({ data }) => data),
        numerics,
      );
      assert.equal(found, golden[0]!.data, `${model}, ${numerics}`);
    }
  }
  assert.ok(cases.length >= 20, `${cases.length} cases`);
});

reference.run();
