import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';
import { type Operand, singleOperatorFile } from '../support/single-operator.ts';

const conversion = suite('QUANTIZE, DEQUANTIZE and SOFTMAX bit for bit with TensorFlow Lite and XNNPACK');
const tflite = await createOracle();

const MEMORY_BYTES = 1 << 20;
const compare = (file: Uint8Array, inputs: readonly (readonly TensorValues[])[], what: string): void =>
  compareWithOracle(tflite, file, inputs, what, MEMORY_BYTES);

const everyInt8 = Int8Array.from({ length: 256 }, (_, index) => index - 128);
const everyInt16 = Int16Array.from({ length: 65536 }, (_, index) => index - 32768);
const between = (random: () => number, low: number, high: number): number =>
  Math.fround(low * Math.exp(random() * Math.log(high / low)));

const tensor = (type: number, shape: readonly number[], scale: number, zeroPoint = 0): Operand => ({
  type,
  shape,
  quantisation: type === TensorType.float32 ? null : perTensor(scale, zeroPoint),
});

const compareQuantize = (from: Operand, to: Operand, input: TensorValues): void => {
  const file = singleOperatorFile({
    code: Builtin.quantize,
    inputs: [from],
    output: to,
    options: ['Quantize', {}],
    version: 3,
  });
  const [own, other] = [from, to].map(({ type, quantisation }) => `${type} (scale ${quantisation?.scale[0]})`);
  compare(file, [[input]], `QUANTIZE from type ${own} to ${other}`);
};

conversion('QUANTIZE of int8 to int8 at every kind of ratio, of int16 to int8, int16 and int32, of int32', () => {
  const random = seeded(51);
  const zero = (): number => Math.floor(random() * 200) - 100;
  for (let round = 0; round < 40; round++) {
    const scale = between(random, 1e-3, 0.1);
    const target = scale / between(random, 1 / 60, 400);
    compareQuantize(tensor(9, [1, 256], scale, zero()), tensor(9, [1, 256], target, zero()), everyInt8);
    if (round >= 10) continue;
    const wide = tensor(TensorType.int16, [256, 256], scale / 256);
    compareQuantize(wide, tensor(9, [256, 256], scale * between(random, 0.3, 3), zero()), everyInt16);
    compareQuantize(wide, tensor(TensorType.int16, [256, 256], (scale / 256) * between(random, 0.3, 3)), everyInt16);
    compareQuantize(wide, tensor(TensorType.int32, [256, 256], scale / 1000), everyInt16);
    const long = Int32Array.from({ length: 500 }, () => Math.floor((random() - 0.5) * 2 ** 22));
    const fine = tensor(TensorType.int32, [5, 100], scale / 2 ** 16);
    compareQuantize(fine, tensor(TensorType.int16, [5, 100], scale / 200), long);
    compareQuantize(fine, tensor(9, [5, 100], scale, zero()), long);
  }
});

conversion('QUANTIZE of float32 to int16, ties included', () => {
  const random = seeded(52);
  for (let round = 0; round < 20; round++) {
    const scale = round % 2 === 0 ? 2 ** -(round % 12) : between(random, 1e-4, 1e-1);
    const halves = Float32Array.from(
      { length: 999 },
      (_, index) => ((index - 500) / 2) * scale * (1 + 130 * (index % 2)),
    );
    compareQuantize(tensor(TensorType.float32, [999], 0), tensor(TensorType.int16, [999], scale), halves);
  }
});

conversion('int8 through uint8 and back, as models converted from uint8 have it', () => {
  const random = seeded(53);
  for (let round = 0; round < 20; round++) {
    const builder = new ModelBuilder();
    const scale = between(random, 1e-3, 0.1);
    const from = builder.int8([1, 256], perTensor(scale, 5));
    const exact = round % 2 === 0;
    const middle = builder.tensor(TensorType.uint8, [1, 256], perTensor(exact ? scale : scale * 1.3, 133));
    const to = builder.int8([1, 256], perTensor(exact ? scale : scale * 0.9, 5));
    builder.operator(Builtin.quantize, [from], [middle], ['Quantize', {}], 2);
    builder.operator(Builtin.quantize, [middle], [to], ['Quantize', {}], 2);
    const float = builder.tensor(TensorType.float32, [1, 256], null);
    builder.operator(Builtin.dequantize, [middle], [float], ['Dequantize', {}], 2);
    compare(writeModel(builder.build([from], [to, float])), [[everyInt8]], `uint8 at ${scale}`);
  }
});

conversion('float32 through uint8, ties included', () => {
  for (const scale of [0.25, Math.fround(0.0237)]) {
    const builder = new ModelBuilder();
    const from = builder.tensor(TensorType.float32, [600], null);
    const middle = builder.tensor(TensorType.uint8, [600], perTensor(scale, 100));
    const to = builder.tensor(TensorType.float32, [600], null);
    builder.operator(Builtin.quantize, [from], [middle], ['Quantize', {}]);
    builder.operator(Builtin.dequantize, [middle], [to], ['Dequantize', {}]);
    const ties = Float32Array.from({ length: 600 }, (_, index) => (index / 2 - 150) * scale);
    compare(writeModel(builder.build([from], [to])), [[ties]], `uint8 at ${scale}`);
  }
});

conversion('DEQUANTIZE of int16, and of float16, int8 and per-channel constants for the operator behind', () => {
  const random = seeded(54);
  const wide = { code: Builtin.dequantize, options: ['Dequantize', {}] as [string, object], version: 3 };
  const file = singleOperatorFile({
    ...(wide as object),
    code: Builtin.dequantize,
    inputs: [tensor(TensorType.int16, [256, 256], 0.0003)],
    output: tensor(TensorType.float32, [256, 256], 0),
    version: 3,
  });
  compare(file, [[everyInt16]], 'DEQUANTIZE of int16');
  // Every kind of float16: subnormals, both signs, both zeros, the largest.
  const halves = Uint16Array.of(0, 0x8000, 1, 0x83ff, 0x0400, 0x3c00, 0xbc01, 0x7bff, 0xfbff, 0x3555);
  const constants = [
    [TensorType.float16, null, halves],
    [TensorType.int8, perTensor(0.03, 7), randomInt8(random, 10)],
    [TensorType.int8, perChannel([0.1, 0.2, 0.3, 0.4, 0.5]), randomInt8(random, 10)],
  ] as const;
  for (const [type, quantisation, data] of constants) {
    const builder = new ModelBuilder();
    const input = builder.tensor(TensorType.float32, [3, 5, 2], null);
    const packed = builder.tensor(type, [5, 2], quantisation, data);
    const weights = builder.tensor(TensorType.float32, [5, 2], null);
    const output = builder.tensor(TensorType.float32, [3, 5, 2], null);
    builder.operator(Builtin.dequantize, [packed], [weights], ['Dequantize', {}], 5);
    builder.operator(Builtin.mul, [input, weights], [output], ['Mul', {}], 1);
    const values = Float32Array.from({ length: 30 }, () => random() - 0.5);
    compare(writeModel(builder.build([input], [output])), [[values]], `constants of type ${type}`);
  }
});

conversion('SOFTMAX of int8 to int16 and of int16, over classes and scales', () => {
  const random = seeded(55);
  for (let round = 0; round < 30; round++) {
    const shape = [4, 2 + Math.floor(random() * 60)];
    const beta = round % 2 === 0 ? 1 : Math.fround(0.3 + random());
    const options: [string, { beta: number }] = ['Softmax', { beta }];
    const size = 4 * shape[1]!;
    const narrow = tensor(9, shape, between(random, 0.005, 0.3), 9);
    const half = tensor(TensorType.int16, shape, 1 / 65536, -32768);
    const int8File = singleOperatorFile({ code: Builtin.softmax, inputs: [narrow], output: half, options, version: 3 });
    compare(int8File, [[randomInt8(random, size)]], `SOFTMAX of int8 [${shape}] to int16`);
    const wide = tensor(TensorType.int16, shape, between(random, 1e-5, 1e-3));
    const output = tensor(TensorType.int16, shape, 1 / 32768);
    const int16File = singleOperatorFile({ code: Builtin.softmax, inputs: [wide], output, options, version: 3 });
    const logits = Int16Array.from({ length: size }, () => Math.floor(random() * 65536) - 32768);
    compare(int16File, [[logits]], `SOFTMAX of int16 [${shape}], beta ${beta}`);
  }
});

conversion('float32 SOFTMAX, LOGISTIC and TANH within 1e-6 of TensorFlow Lite, whose exponentials are its own', () => {
  const random = seeded(56);
  const shape = [5, 77];
  const values = Float32Array.from({ length: 385 }, () => (random() - 0.5) * 16);
  for (const [code, options] of [
    [Builtin.softmax, ['Softmax', { beta: 1 }]],
    [Builtin.softmax, ['Softmax', { beta: 0.5 }]],
    [Builtin.logistic, null],
    [Builtin.tanh, null],
  ] as const) {
    const ends = tensor(TensorType.float32, shape, 0);
    const file = singleOperatorFile({ code, inputs: [ends], output: ends, options: options as never });
    const expected = tflite.load(file).run(values);
    const engine = createEngine({ memoryBytes: 1 << 20 });
    const ours = createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false });
    ours.inputs[0]!.data.set(values);
    ours.invoke();
    ours.outputs[0]!.data.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) < 1e-6, `operator ${code}: ${value} for ${expected[index]}`);
    });
  }
});

conversion.run();
