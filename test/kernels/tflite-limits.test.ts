import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { boardProfile } from '../../boards/registry.ts';
import { modelLimitsOf } from '../../firmware/model-limits.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits, type ModelLimits } from '../../kernels/limits.ts';
import type { OperatorRegistry } from '../../kernels/ops/operator.ts';
import { plainOperator } from '../../kernels/ops/operator.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { ModelBuilder, perChannel, perTensor } from '../support/models.ts';
import { refusalOf } from '../support/refusal.ts';

const bounds = suite('bounds of a model');
const one = perTensor(0.1, 0);

type Fields = Record<string, number | boolean | readonly number[]>;

/** One operator from `input` to `output`, with a constant of ones between where `weights` gives its shape. */
const single = (
  builtin: number,
  shapes: { input: readonly number[]; output: readonly number[]; weights?: readonly number[] },
  options: [name: string, fields: Fields] | null,
): TfliteModel => {
  const builder = new ModelBuilder();
  const input = builder.int8(shapes.input, one);
  const inputs = [input];
  if (shapes.weights !== undefined) {
    const ones = new Int8Array(shapes.weights.reduce((product, side) => product * side, 1)).fill(1);
    inputs.push(builder.int8(shapes.weights, one, ones));
  }
  const output = builder.int8(shapes.output, one);
  return builder.operator(builtin, inputs, [output], options).build([input], [output]);
};

const WINDOW = { strideH: 1, strideW: 1, padding: 0 };
const POOL = { ...WINDOW, filterHeight: 2, filterWidth: 2 };
const image = [1, 4, 4, 2];
const reread = (model: TfliteModel, given: ModelLimits = limits) =>
  refusalOf(() => readModel(writeModel(model), given));

for (const [field, value] of [
  ['strideH', 0],
  ['strideW', -1],
  ['dilationH', 0],
  ['dilationW', -2_147_483_648],
  ['padding', 2],
  ['padding', -1],
  ['fusedActivation', 6],
] as const) {
  bounds(`a convolution with ${field} ${value} is malformed`, () => {
    const shapes = { input: image, output: image, weights: [2, 1, 1, 2] };
    assert.is(reread(single(Builtin.conv2d, shapes, ['Conv2D', WINDOW])), null);
    assert.is(reread(single(Builtin.conv2d, shapes, ['Conv2D', { ...WINDOW, [field]: value }])), 'malformedModel');
  });
}

for (const field of ['strideH', 'strideW', 'filterHeight', 'filterWidth']) {
  bounds(`a pool with ${field} 0 is malformed, and of 2^31 - 1 too large`, () => {
    const pool = (value: number) =>
      single(Builtin.maxPool2d, { input: image, output: image }, ['Pool2D', { ...POOL, [field]: value }]);
    assert.is(reread(pool(1)), null);
    assert.is(reread(pool(0)), 'malformedModel');
    assert.is(reread(pool(0x7fffffff)), 'modelTooLarge');
  });
}

bounds('an operator that slides a window does not go without its options, nor with those of another', () => {
  const shapes = { input: image, output: image, weights: [2, 1, 1, 2] };
  assert.is(reread(single(Builtin.conv2d, shapes, null)), 'malformedModel');
  assert.is(reread(single(Builtin.conv2d, shapes, ['DepthwiseConv2D', WINDOW])), 'malformedModel');
});

bounds('an option that is no number is malformed', () => {
  const shapes = { input: image, output: image };
  for (const alpha of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.is(reread(single(Builtin.leakyRelu, shapes, ['LeakyRelu', { alpha }])), 'malformedModel');
  }
});

bounds('tensors that one operator needs at once must fit the arena, before it is laid out', () => {
  const shapes = { input: [1000, 1000], output: [1000, 1000] };
  const model = single(Builtin.logistic, shapes, null);
  assert.is(reread(model, { ...limits, arenaBytesMax: 1_000_000 }), null);
  assert.is(reread(model, { ...limits, arenaBytesMax: 999_999 }), 'modelTooLarge');
});

bounds('a variable with contents is refused', () => {
  const model = single(Builtin.add, { input: [2], output: [2], weights: [2] }, ['Add', {}]);
  const tensors = model.subgraph.tensors.map((tensor, index) => ({ ...tensor, isVariable: index === 1 }));
  assert.is(reread({ ...model, subgraph: { ...model.subgraph, tensors } }), 'unsupportedModel');
});

/** The first constant of a dense layer, with other quantisation. */
const withConstant = (shape: readonly number[], quantisation: Quantisation): TfliteModel => {
  const builder = new ModelBuilder();
  const input = builder.int8([1, 4], one);
  const constant = builder.tensor(TensorType.int32, shape, quantisation, new Int32Array(6));
  const output = builder.int8([1, 4], one);
  return builder.operator(Builtin.add, [input, constant], [output], ['Add', {}]).build([input], [output]);
};

bounds('a quantised dimension that is none passes where it cannot matter, and nowhere else', () => {
  const six = perChannel([1, 2, 3, 4, 5, 6]);
  for (const quantizedDimension of [1, 3, -1, 0x7fffffff]) {
    assert.is(reread(withConstant([6], { ...one, quantizedDimension })), null, 'one scale');
    assert.is(reread(withConstant([6], { ...six, quantizedDimension })), null, 'a scale per value');
    if (quantizedDimension === 1) continue;
    assert.is(reread(withConstant([1, 6], { ...six, quantizedDimension })), 'malformedModel', 'a matrix');
  }
  assert.is(reread(withConstant([1, 6], { ...six, quantizedDimension: 1 })), null);
  assert.is(reread(withConstant([1, 6], { ...six, quantizedDimension: 0 })), 'malformedModel');
});

/** Two operators of the registry that cost nothing to prepare. */
const idle: OperatorRegistry = new Map(
  [Builtin.logistic, Builtin.averagePool2d, Builtin.fullyConnected].map((code) => [
    code,
    {
      code,
      prepare: () =>
        plainOperator(() => () => undefined, { multiplyAdds: code === Builtin.fullyConnected ? 2_000_000 : 0 }),
    },
  ]),
);
const prepared = (model: TfliteModel, given: ModelLimits, kernels: 'compiled' | 'plain' = 'compiled') =>
  refusalOf(() =>
    createInterpreter(model, {
      engine: createEngine({ kernels }),
      limits: given,
      keepActivations: false,
      operators: idle,
    }),
  );

bounds('a model that would run for minutes is refused while it is prepared', () => {
  const dense = single(Builtin.fullyConnected, { input: [1, 4], output: [1, 4], weights: [4, 4] }, null);
  assert.is(prepared(dense, { ...limits, multiplyAddsMax: 2_000_100 }), null);
  assert.is(prepared(dense, { ...limits, multiplyAddsMax: 1_999_999 }), 'modelTooLarge');
  // The same products take longer where there is no SIMD.
  assert.is(prepared(dense, { ...limits, multiplyAddsMax: 15_999_999 }, 'plain'), 'modelTooLarge');
  assert.is(prepared(dense, { ...limits, multiplyAddsMax: 16_001_000 }, 'plain'), null);
  // Sixteen million windows of sixteen million values each, out of a file of one kilobyte.
  const side = 4096;
  const shapes = { input: [1, side, side, 1], output: [1, side, side, 1] };
  const pool = single(Builtin.averagePool2d, shapes, ['Pool2D', { ...POOL, filterHeight: side, filterWidth: side }]);
  assert.is(prepared(readModel(writeModel(pool), limits), limits), 'modelTooLarge');
});

bounds('values that are only touched count too', () => {
  const builder = new ModelBuilder();
  const shape = [16, 1024, 1024];
  const tensors = Array.from({ length: 60 }, () => builder.int8(shape, one));
  for (let at = 1; at < tensors.length; at++) {
    builder.operator(Builtin.logistic, [tensors[at - 1]!], [tensors[at]!], null);
  }
  assert.is(prepared(builder.build([tensors[0]!], [tensors.at(-1)!]), limits), 'modelTooLarge');
});

bounds('a board lowers the limits', () => {
  const { modelBytesMax, arenaBytesMax, multiplyAddsMax, learningArenaBytesMax, learningStateBytesMax } =
    boardProfile('rpi4');
  const lowered = { modelBytesMax, arenaBytesMax, multiplyAddsMax, learningArenaBytesMax, learningStateBytesMax };
  assert.equal(modelLimitsOf(boardProfile('rpi4')), { ...limits, ...lowered });
  assert.equal(modelLimitsOf(boardProfile('pc')), limits);
  assert.ok(multiplyAddsMax < limits.multiplyAddsMax);
});

bounds('names of a file cannot write to the terminal', () => {
  const model = single(Builtin.logistic, { input: [2], output: [2] }, null);
  const name = `\u001b[2J\u202e${'x'.repeat(500)}`;
  const tensors = model.subgraph.tensors.map((tensor) => ({ ...tensor, name, shape: [0] }));
  const file = writeModel({ ...model, subgraph: { ...model.subgraph, tensors } });
  try {
    readModel(file, limits);
    assert.unreachable();
  } catch (error) {
    const { message } = error as Error;
    assert.not.match(message, /\p{C}/u);
    assert.ok(message.length < 300, message);
  }
});

dataTest(bounds, 'person_detect is read, audio_preprocessor names what is missing', 'tflite_models', () => {
  const read = (name: string) => readModel(readFileSync(dataPath('tflite_models', `${name}.tflite`)), limits);
  assert.is(read('person_detect').subgraph.operators.length, 31);
  const preprocessor = read('audio_preprocessor_int8');
  const options = { engine: createEngine(), limits, keepActivations: false };
  assert.throws(() => createInterpreter(preprocessor, options), /lacks operators of the model: .*CUSTOM "Signal/);
});

bounds.run();
