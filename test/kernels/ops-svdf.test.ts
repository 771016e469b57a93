import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';
import { refusalOf } from '../support/refusal.ts';
import { BYTE_SCALES, floats, SCALES, type SvdfModel, svdfModel } from '../support/svdf-models.ts';

const svdf = suite('SVDF');
const tflite = await createOracle();

const load = (built: TfliteModel): Interpreter =>
  createInterpreter(built, { engine: createEngine({ memoryBytes: 8 << 20 }), limits, keepActivations: false });

const run = (interpreter: Interpreter, input: TensorValues): TensorValues => {
  interpreter.inputs[0]!.data.set(input);
  interpreter.invoke();
  return interpreter.outputs[0]!.data.slice();
};

const LAYERS: readonly SvdfModel[] = [
  { batches: 1, inputs: 5, units: 3, rank: 2, memory: 4, bias: true, activation: 1, state: TensorType.int16 },
  { batches: 2, inputs: 16, units: 8, rank: 1, memory: 10, bias: false, activation: 1, state: TensorType.int16 },
  { batches: 3, inputs: 1, units: 1, rank: 3, memory: 1, bias: true, activation: 1, state: TensorType.int16 },
  { batches: 1, inputs: 40, units: 17, rank: 4, memory: 7, bias: true, activation: 1, state: TensorType.int16 },
];

svdf('int8 with an int16 state: bit for bit with TFLite over streams longer than the memory', () => {
  const random = seeded(411);
  for (const layer of LAYERS) {
    for (const factor of [0.25, 1, 3]) {
      const scales = { ...SCALES, output: SCALES.output * factor, state: SCALES.state * factor };
      const stream = Array.from({ length: 25 }, () => [randomInt8(random, layer.batches * layer.inputs)]);
      compareWithOracle(tflite, writeModel(svdfModel(random, layer, scales)), stream, JSON.stringify(layer));
    }
  }
});

svdf('float32: within rounding of TFLite over a stream, with every activation', () => {
  const random = seeded(412);
  for (const [at, layer] of LAYERS.entries()) {
    const built = svdfModel(random, { ...layer, activation: at, state: TensorType.float32 });
    const theirs = tflite.load(writeModel(built));
    const ours = load(built);
    for (let step = 0; step < 25; step++) {
      const input = floats(random, layer.batches * layer.inputs);
      const expected = theirs.run(input);
      const found = run(ours, input);
      for (const [index, value] of expected.entries()) {
        assert.ok(Math.abs(found[index]! - value) < 1e-4, `layer ${at}, step ${step}: ${found[index]}, ${value}`);
      }
    }
  }
});

/** What the quantised model means, in real numbers and without rounding in between: a convolution over time. */
const meaning = (built: TfliteModel, layer: SvdfModel, inputs: readonly TensorValues[]): number[] => {
  const real = (tensor: number): number[] => {
    const { quantisation, buffer, type } = built.subgraph.tensors[tensor]!;
    const bytes = built.buffers[buffer]!;
    const values = type === TensorType.int32 ? new Int32Array(bytes.buffer) : new Int8Array(bytes.buffer);
    return Array.from(values, (value) => value * quantisation!.scale[0]!);
  };
  const [, features, time, bias] = built.subgraph.operators[0]!.inputs.map((tensor) => (tensor < 0 ? 0 : tensor));
  const [f, t, b] = [real(features!), real(time!), real(bias!)];
  return Array.from({ length: layer.units }, (_, unit) => {
    let sum = b[unit]!;
    for (let filter = unit * layer.rank; filter < (unit + 1) * layer.rank; filter++) {
      inputs.forEach((input, age) => {
        const step = layer.memory - inputs.length + age;
        for (let i = 0; i < layer.inputs; i++) {
          sum += t[filter * layer.memory + step]! * f[filter * layer.inputs + i]! * (input[i]! - 7) * SCALES.input;
        }
      });
    }
    return sum;
  });
};

svdf('int8 with an int8 state: as its meaning in real numbers, within the steps of state and output', () => {
  const random = seeded(413);
  const layer: SvdfModel = { ...LAYERS[3]!, state: TensorType.int8 };
  const built = svdfModel(random, layer, BYTE_SCALES);
  const ours = load(built);
  const stream: TensorValues[] = [];
  let worst = 0;
  for (let step = 0; step < 30; step++) {
    stream.push(randomInt8(random, layer.inputs));
    const found = run(ours, stream.at(-1)!);
    const expected = meaning(built, layer, stream.slice(-layer.memory));
    for (const [unit, value] of expected.entries()) {
      const clamped = Math.max(-128, Math.min(127, value / BYTE_SCALES.output - 13));
      worst = Math.max(worst, Math.abs(found[unit]! - clamped));
    }
  }
  // Half a step of the state through 28 random weights of up to 1.28, and half a step of the output.
  assert.ok(worst > 0.5 && worst < 0.5 + (0.25 * 28 * 0.74) / BYTE_SCALES.output, `worst difference ${worst}`);
});

svdf('resetState begins a new stream, and two interpreters keep their own', () => {
  const random = seeded(414);
  for (const state of [TensorType.int16, TensorType.int8, TensorType.float32]) {
    const scales = state === TensorType.int8 ? BYTE_SCALES : SCALES;
    const built = svdfModel(random, { ...LAYERS[0]!, state }, scales);
    const [once, other] = [load(built), load(built)];
    const stream = Array.from({ length: 9 }, () =>
      state === TensorType.float32 ? floats(random, 5) : randomInt8(random, 5),
    );
    const first = stream.map((input) => run(once, input));
    const carried = stream.map((input) => run(once, input));
    assert.not.equal(carried[0], first[0], 'the state does not carry over');
    once.resetState();
    assert.equal(
      stream.map((input) => run(once, input)),
      first,
    );
    assert.equal(run(other, stream[0]!), first[0]);
  }
});

svdf('operands that do not fit, other activations and hybrid models are refused', () => {
  const refused = (change: Partial<SvdfModel>, replaced: Record<number, number[]> = {}, scales = SCALES) =>
    refusalOf(() => load(svdfModel(seeded(415), { ...LAYERS[0]!, ...change }, scales, replaced)));
  assert.is(refused({}), null);
  assert.is(refused({ activation: 0 }), 'unsupportedOperator');
  assert.is(refused({ activation: 4, state: TensorType.float32 }), 'unsupportedOperator');
  for (const [position, shape] of [
    [0, [1, 6]],
    [0, [5]],
    [1, [6, 4]],
    [1, [30]],
    [1, [7, 5]],
    [2, [5, 4]],
    [2, [6, 5]],
    [4, [1, 23]],
    [5, [1, 4]],
    [5, [2, 3]],
  ] as const) {
    assert.is(refused({}, { [position]: [...shape] }), 'unsupportedOperator', `operand ${position} of [${shape}]`);
  }
  assert.is(refused({}, {}, { ...SCALES, state: 1e-38, features: 1e38 }), 'unsupportedOperator');
  const rankless = svdfModel(seeded(416), LAYERS[0]!);
  for (const rank of [0, -1, 4, 7]) {
    const operators = rankless.subgraph.operators.map((operator) => ({
      ...operator,
      options: { ...operator.options!, fields: { rank, fusedActivation: 1 } },
    }));
    assert.is(
      refusalOf(() => load({ ...rankless, subgraph: { ...rankless.subgraph, operators } })),
      'unsupportedOperator',
      `rank ${rank}`,
    );
  }
});

svdf('a state that is no variable, and an input of another type than the weights, are refused', () => {
  const built = svdfModel(seeded(417), LAYERS[0]!);
  const changed = (change: (index: number) => object): string | null => {
    const tensors = built.subgraph.tensors.map((tensor, index) => ({ ...tensor, ...change(index) }));
    return refusalOf(() => load({ ...built, subgraph: { ...built.subgraph, tensors } }));
  };
  const [input, , , , state] = built.subgraph.operators[0]!.inputs;
  assert.is(
    changed((index) => (index === state ? { isVariable: false } : {})),
    'unsupportedOperator',
  );
  assert.is(
    changed((index) => (index === input ? { type: TensorType.float32 } : {})),
    'unsupportedOperator',
  );
});

svdf.run();
