import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { type DenseNetOptions, denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle } from '../support/oracle.ts';
import { rounds } from '../support/rounds.ts';

const oracle = suite('bit for bit with TensorFlow Lite and XNNPACK');
const tflite = await createOracle();

/** Runs the file in both engines and compares every output value of every input. */
const compare = (file: Uint8Array, inputs: readonly (Int8Array | Float32Array)[], what: string): void => {
  const theirs = tflite.load(file);
  const ours = createInterpreter(readModel(file, limits), { engine: createEngine(), limits, keepActivations: false });
  const distinct = new Set<number>();
  inputs.forEach((input, index) => {
    ours.inputs[0]!.data.set(input);
    ours.invoke();
    const found = ours.outputs[0]!.data.slice();
    for (const value of found) distinct.add(value);
    assert.equal(found, theirs.run(input), `${what}, input ${index}`);
  });
  assert.ok(distinct.size > 1, `${what}: all outputs are equal, the comparison says nothing`);
};

const everyInt8 = Int8Array.from({ length: 256 }, (_, index) => index - 128);

dataTest(oracle, 'ad01_int8.tflite on 300 seeded inputs, as it is and written again', 'tflite_models', () => {
  const file = readFileSync(dataPath('tflite_models', 'ad01_int8.tflite'));
  const random = seeded(21);
  const inputs = Array.from({ length: 300 }, () => randomInt8(random, 640));
  compare(file, inputs, 'ad01');
  compare(writeModel(readModel(file, limits)), inputs.slice(0, 20), 'ad01 written again');
});

dataTest(oracle, 'hello_world_int8.tflite on every input', 'tflite_models', () => {
  const file = readFileSync(dataPath('tflite_models', 'hello_world_int8.tflite'));
  compare(
    file,
    Array.from(everyInt8, (value) => Int8Array.of(value)),
    'hello_world',
  );
});

const SIZES = [1, 2, 3, 5, 8, 13, 16, 17, 31, 32, 33, 47, 64, 70, 100, 129, 200];

oracle('random dense networks of our own writer, 20 inputs each', () => {
  const random = seeded(22);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  for (let round = 0; round < rounds(16, 40); round++) {
    const options: DenseNetOptions = {
      sizes: Array.from({ length: 2 + Math.floor(random() * 4) }, () => pick(SIZES)),
      perChannel: round % 2 === 1,
      activation: round % 4,
      ending: pick(['logits', 'softmax', 'logistic'] as const),
      floatEnds: random() < 0.4,
      withBias: random() < 0.8,
    };
    // A softmax over one class is always 1: let it have a choice.
    const sizes = options.sizes.with(-1, options.sizes.at(-1)! + 1);
    const file = writeModel(denseNet(random, { ...options, sizes }));
    const inputs = Array.from({ length: 20 }, () =>
      options.floatEnds
        ? Float32Array.from({ length: sizes[0]! }, () => (random() - 0.5) * 12)
        : randomInt8(random, sizes[0]!),
    );
    compare(file, inputs, `round ${round}: ${JSON.stringify({ ...options, sizes })}`);
  }
});

oracle('a dense layer over several rows, with and without an odd run', () => {
  const random = seeded(23);
  for (const [rows, inFeatures, outFeatures] of [
    [3, 7, 19],
    [5, 8, 16],
    [2, 33, 1],
  ] as const) {
    const builder = new ModelBuilder();
    const input = builder.int8([rows, inFeatures], perTensor(0.02, 3));
    const weights = builder.int8(
      [outFeatures, inFeatures],
      perChannel([0.01]),
      randomInt8(random, inFeatures * outFeatures),
    );
    const output = builder.int8([rows, outFeatures], perTensor(0.09, -11));
    builder.operator(Builtin.fullyConnected, [input, weights, -1], [output], ['FullyConnected', {}], 4);
    const inputs = Array.from({ length: 20 }, () => randomInt8(random, rows * inFeatures));
    compare(writeModel(builder.build([input], [output])), inputs, `${rows} rows of ${inFeatures} x ${outFeatures}`);
  }
});

oracle('SOFTMAX and LOGISTIC over 20 scales and zero points', () => {
  const random = seeded(24);
  for (let round = 0; round < 20; round++) {
    const quantisation = perTensor(Math.fround(0.001 + random() * 0.3), Math.floor(random() * 256) - 128);
    const logistic = new ModelBuilder();
    const from = logistic.int8([1, 256], quantisation);
    const to = logistic.int8([1, 256], perTensor(1 / 256, -128));
    compare(
      writeModel(logistic.operator(Builtin.logistic, [from], [to], null).build([from], [to])),
      [everyInt8],
      'LOGISTIC',
    );
    const softmax = new ModelBuilder();
    const shape = [3, 2 + Math.floor(random() * 40)];
    const logits = softmax.int8(shape, quantisation);
    const probabilities = softmax.int8(shape, perTensor(1 / 256, -128));
    const beta = round % 2 === 0 ? 1 : Math.fround(0.2 + random() * 2);
    softmax.operator(Builtin.softmax, [logits], [probabilities], ['Softmax', { beta }], 2);
    const inputs = Array.from({ length: 20 }, () => randomInt8(random, shape[0]! * shape[1]!));
    compare(writeModel(softmax.build([logits], [probabilities])), inputs, `SOFTMAX of ${shape}, beta ${beta}`);
  }
});

oracle('QUANTIZE from float32 and from int8, DEQUANTIZE, over 40 scales', () => {
  const random = seeded(25);
  for (let round = 0; round < rounds(16, 40); round++) {
    const scale = Math.fround(0.001 + random() * 0.3);
    const quantisation = perTensor(scale, Math.floor(random() * 256) - 128);
    const float = new ModelBuilder();
    const real = float.tensor(TensorType.float32, [1, 600], null);
    const whole = float.int8([1, 600], quantisation);
    float.operator(Builtin.quantize, [real], [whole], ['Quantize', {}]);
    // Multiples of half a step meet every rounding tie, and reach beyond both ends.
    const ties = Float32Array.from({ length: 600 }, (_, index) => (index / 2 - 150) * scale);
    compare(writeModel(float.build([real], [whole])), [ties], `QUANTIZE of float32 to ${scale}`);
    const again = new ModelBuilder();
    const before = again.int8([1, 256], quantisation);
    const ratio = 1.9 ** (random() * 20 - 8);
    const after = again.int8([1, 256], perTensor(Math.fround(scale / ratio), Math.floor(random() * 256) - 128));
    again.operator(Builtin.quantize, [before], [after], ['Quantize', {}], 2);
    if (ratio > 1 / 250 && ratio < 127) {
      compare(writeModel(again.build([before], [after])), [everyInt8], `QUANTIZE of int8 by ${ratio}`);
    }
    const back = new ModelBuilder();
    const stored = back.int8([1, 256], quantisation);
    const value = back.tensor(TensorType.float32, [1, 256], null);
    back.operator(Builtin.dequantize, [stored], [value], ['Dequantize', {}], 2);
    compare(writeModel(back.build([stored], [value])), [everyInt8], `DEQUANTIZE of ${scale}`);
  }
});

oracle('RESHAPE between two dense layers', () => {
  const random = seeded(26);
  const builder = new ModelBuilder();
  const input = builder.int8([1, 12], perTensor(0.05, -3));
  const narrow = builder.int8([1, 6, 2], perTensor(0.05, -3));
  const target = builder.tensor(TensorType.int32, [3], null, Int32Array.of(1, 6, 2));
  builder.operator(Builtin.reshape, [input, target], [narrow], ['Reshape', { newShape: [1, 6, 2] }]);
  const weights = builder.int8([4, 2], perChannel([0.02]), randomInt8(random, 8));
  const output = builder.int8([6, 4], perTensor(0.05, 9));
  builder.operator(Builtin.fullyConnected, [narrow, weights, -1], [output], ['FullyConnected', {}], 4);
  const inputs = Array.from({ length: 20 }, () => randomInt8(random, 12));
  compare(writeModel(builder.build([input], [output])), inputs, 'RESHAPE');
});

oracle.run();
