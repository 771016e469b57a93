import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import { logisticInt16, tanhInt16 } from '../../kernels/ops/gemmlowp-int16.ts';
import { createSigmoidTable, sigmoidEntries } from '../../kernels/ops/sigmoid-table.ts';
import type { Operator, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { type LstmModel, lstmModel, sequenceFor } from '../support/lstm-models.ts';
import { perTensor, seeded } from '../support/models.ts';
import { createOracle, type TensorValues } from '../support/oracle.ts';
import { refusalOf } from '../support/refusal.ts';

const lstm = suite('UNIDIRECTIONAL_SEQUENCE_LSTM');
const tflite = await createOracle();

const LAYER: LstmModel = {
  batches: 1,
  steps: 3,
  inputs: 4,
  cells: 5,
  timeMajor: false,
  float: false,
  cellClip: 0,
  cellExponent: -11,
  inputZeroPoint: 3,
  hiddenZeroPoint: -1,
  spread: 1.5,
};

const LAYERS: readonly LstmModel[] = [
  LAYER,
  { ...LAYER, batches: 2, steps: 5, inputs: 7, cells: 9, timeMajor: true, cellExponent: -12 },
  { ...LAYER, batches: 3, steps: 2, inputs: 17, cells: 16, cellExponent: -15, spread: 0.4, inputZeroPoint: -128 },
  { ...LAYER, steps: 1, inputs: 1, cells: 1, hiddenZeroPoint: 20, cellExponent: -9 },
  { ...LAYER, steps: 20, inputs: 33, cells: 12, cellClip: 0.9, spread: 3, cellExponent: -10 },
  { ...LAYER, batches: 2, steps: 4, timeMajor: true, spread: 12, cellExponent: -13, cellClip: 100 },
  { ...LAYER, spread: 4, cellExponent: -14, cellClip: 1e-9 },
];

const load = (model: TfliteModel, numerics: Numerics = 'fp32-rne'): Interpreter =>
  createInterpreter(model, {
    engine: createEngine({ memoryBytes: 8 << 20 }),
    limits,
    keepActivations: false,
    numerics,
  });

const run = (interpreter: Interpreter, input: TensorValues): TensorValues => {
  interpreter.inputs[0]!.data.set(input);
  interpreter.invoke();
  return interpreter.outputs[0]!.data.slice();
};

/**
 * The oracle's TFLite subtracts the zero point of the hidden state where it must be added (tensorflow#56493, mended in
 * TensorFlow 2.11 and in TFLite Micro). It takes that one from the fifth intermediate, and everything else from the
 * state itself: with the intermediate's sign turned, it computes what the file means.
 */
const forOracle = (model: TfliteModel): Uint8Array => {
  const inside = model.subgraph.operators[0]!.intermediates[4]!;
  const { scale, zeroPoint } = model.subgraph.tensors[inside]!.quantisation!;
  const turned = perTensor(scale[0]!, -zeroPoint[0]!);
  return writeModel(alter(model, (tensor, index) => (index === inside ? { ...tensor, quantisation: turned } : tensor)));
};

lstm('int8: bit for bit with TFLite over sequences that go on from one another', () => {
  const random = seeded(421);
  for (const layer of LAYERS) {
    for (let round = 0; round < 4; round++) {
      const model = lstmModel(random, layer);
      const theirs = tflite.load(forOracle(model));
      const ours = load(readModel(writeModel(model), limits));
      const seen = new Set<number>();
      for (let at = 0; at < 12; at++) {
        const input = sequenceFor(random, layer);
        const found = run(ours, input);
        assert.equal(found, theirs.run(input), `${JSON.stringify(layer)}, sequence ${at}`);
        for (const value of found) seen.add(value);
      }
      assert.ok(seen.size > 4, 'nearly all outputs are equal, the comparison says nothing');
    }
  }
});

lstm('float32: within rounding of TFLite over sequences that go on from one another', () => {
  const random = seeded(422);
  for (const layer of LAYERS.map((quantised) => ({ ...quantised, float: true }))) {
    const model = lstmModel(random, layer);
    const theirs = tflite.load(writeModel(model));
    const ours = load(model);
    for (let round = 0; round < 6; round++) {
      const input = sequenceFor(random, layer);
      const expected = theirs.run(input);
      for (const [index, value] of run(ours, input).entries()) {
        assert.ok(Math.abs(expected[index]! - value) < 2e-5, `${JSON.stringify(layer)}: ${value}, ${expected[index]}`);
      }
    }
  }
});

/** What the quantised model means: the textbook LSTM on the real values of its weights, from sequence to sequence. */
const meaningOf = (model: TfliteModel, layer: LstmModel) => {
  const { inputs: places } = model.subgraph.operators[0]!;
  const real = (place: number): number[] => {
    const { quantisation, buffer, type } = model.subgraph.tensors[places[place]!]!;
    const { buffer: bytes } = model.buffers[buffer]!;
    const stored = type === TensorType.int8 ? new Int8Array(bytes) : new Int32Array(bytes);
    return Array.from(stored, (value) => value * quantisation!.scale[0]!);
  };
  const gates = [0, 1, 2, 3].map((gate) => ({ w: real(1 + gate), r: real(5 + gate), b: real(12 + gate) }));
  const { batches, steps, inputs, cells, timeMajor } = layer;
  const [h, c] = [0, 1].map(() => new Array<number>(batches * cells).fill(0)) as [number[], number[]];
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  return (quantised: TensorValues): number[] => {
    const output: number[] = [];
    for (let step = 0; step < steps; step++) {
      const before = [...h];
      for (let batch = 0; batch < batches; batch++) {
        const row = timeMajor ? step * batches + batch : batch * steps + step;
        for (let cell = 0; cell < cells; cell++) {
          const [i, f, g, o] = gates.map(({ w, r, b }) => {
            let sum = b[cell]!;
            for (let k = 0; k < inputs; k++) {
              sum += w[cell * inputs + k]! * (quantised[row * inputs + k]! - layer.inputZeroPoint) * 0.03;
            }
            for (let k = 0; k < cells; k++) sum += r[cell * cells + k]! * before[batch * cells + k]!;
            return sum;
          }) as [number, number, number, number];
          const at = batch * cells + cell;
          c[at] = sigmoid(f) * c[at]! + sigmoid(i) * Math.tanh(g);
          h[at] = sigmoid(o) * Math.tanh(c[at]!);
          output[row * cells + cell] = h[at]!;
        }
      }
    }
    return output;
  };
};

lstm('int8 in both numerics: what the model means in real numbers, within a few steps of the output', () => {
  const random = seeded(423);
  let apart = 0;
  for (const layer of LAYERS.filter(({ spread, cellClip }) => spread < 2 && cellClip === 0)) {
    const model = lstmModel(random, layer);
    const meaning = meaningOf(model, layer);
    const [usual, reference] = [load(model), load(model, 'reference')];
    for (let round = 0; round < 6; round++) {
      const input = sequenceFor(random, layer);
      const outputs = [run(usual, input), run(reference, input)];
      for (const [index, value] of meaning(input).entries()) {
        const expected = Math.max(-128, Math.min(127, value * 128 + layer.hiddenZeroPoint));
        for (const output of outputs) {
          assert.ok(
            Math.abs(output[index]! - expected) < 4,
            `${output[index]} is ${expected} (${JSON.stringify(layer)})`,
          );
        }
        if (outputs[0]![index] !== outputs[1]![index]) apart++;
      }
    }
  }
  assert.ok(apart > 0, 'the numerics are the same');
});

lstm('the 16-bit functions are the real ones to within their precision, odd and monotone', () => {
  const table = createSigmoidTable();
  for (const [logistic, tanh, tolerance] of [
    [logisticInt16, (x: number) => tanhInt16(x, 3), 12],
    [(x: number) => table.logistic(x), (x: number) => table.tanh(x, 0), 4],
  ] as const) {
    for (let x = -32768; x <= 32767; x += 7) {
      const real = x / 4096;
      assert.ok(Math.abs(logistic(x) - 32768 / (1 + Math.exp(-real))) <= tolerance, `logistic of ${real}`);
      assert.ok(Math.abs(tanh(x) - 32768 * Math.tanh(real)) <= 2 * tolerance, `tanh of ${real}`);
    }
  }
  for (let bits = 0; bits <= 6; bits++) {
    for (let x = 1; x <= 32767; x += 13) {
      const real = (x * 2 ** bits) / 32768;
      assert.ok(Math.abs(tanhInt16(x, bits) - 32768 * Math.tanh(real)) <= 24, `tanh of ${real} with ${bits} bits`);
      assert.is(tanhInt16(-x, bits), -tanhInt16(x, bits));
    }
  }
});

lstm('the table of logistic has the published entries', () => {
  const entries = sigmoidEntries();
  for (const [k, entry] of [
    [0, 32768],
    [3, 34813],
    [4, 35493],
    [8, 38180],
    [14, 42064],
    [27, 49475],
    [28, 49975],
    [32, 51865],
    [43, 56174],
    [51, 58544],
    [64, 61279],
    [82, 63454],
    [86, 63765],
    [103, 64652],
    [198, 65519],
    [254, 65534],
    [255, 65535],
  ] as const) {
    assert.is(entries[k], entry, `entry ${k}`);
  }
});

lstm('resetState begins a new sequence', () => {
  const random = seeded(424);
  for (const layer of [LAYERS[1]!, { ...LAYERS[1]!, float: true }]) {
    for (const numerics of ['fp32-rne', 'reference'] as const) {
      const interpreter = load(lstmModel(random, layer), numerics);
      const sequences = Array.from({ length: 4 }, () => sequenceFor(random, layer));
      const first = sequences.map((input) => run(interpreter, input));
      assert.not.equal(run(interpreter, sequences[0]!), first[0], 'the state does not carry over');
      interpreter.resetState();
      assert.equal(
        sequences.map((input) => run(interpreter, input)),
        first,
      );
    }
  }
});

lstm('a sequence in pieces is the sequence in one, in both orders of time', () => {
  const random = seeded(425);
  const whole = { ...LAYER, batches: 2, steps: 6, timeMajor: true };
  const model = lstmModel(random, whole);
  const at = <T>(shape: readonly T[], changed: readonly T[]): T[] => [...changed, ...shape.slice(2)];
  const [input, output] = [model.subgraph.inputs[0]!, model.subgraph.outputs[0]!];
  const stepwise = alter(model, (tensor, index) =>
    index === input || index === output ? { ...tensor, shape: at(tensor.shape, [1, 2]) } : tensor,
  );
  const values = sequenceFor(random, whole);
  const expected = run(load(model), values);
  const pieces = load(stepwise);
  const [inputs, outputs] = [2 * whole.inputs, 2 * whole.cells];
  for (let step = 0; step < whole.steps; step++) {
    const found = run(pieces, values.slice(step * inputs, (step + 1) * inputs));
    assert.equal(found, expected.slice(step * outputs, (step + 1) * outputs), `step ${step}`);
  }
});

lstm('an inference constructs no typed array', () => {
  const random = seeded(426);
  for (const layer of [LAYER, { ...LAYER, float: true }]) {
    const interpreter = load(lstmModel(random, layer));
    const constructed = countTypedArrays(() => {
      for (let round = 0; round < 100; round++) interpreter.invoke();
    });
    assert.is(constructed, 0);
  }
});

type Change = (tensor: Tensor, index: number) => Tensor;

/** The model with other tensors, or with another operator. */
const alter = (model: TfliteModel, tensor: Change, operator = (same: Operator): Operator => same): TfliteModel => ({
  ...model,
  subgraph: {
    ...model.subgraph,
    tensors: model.subgraph.tensors.map(tensor),
    operators: model.subgraph.operators.map(operator),
  },
});

const MODEL = lstmModel(seeded(427), LAYER);
const REAL = lstmModel(seeded(428), { ...LAYER, float: true });

const refused = (model: TfliteModel): string | null => refusalOf(() => load(model));

lstm('peephole, layer normalisation, projection and coupled gates are refused', () => {
  const { inputs } = MODEL.subgraph.operators[0]!;
  const withInput = (position: number, tensor: number): string | null =>
    refused(
      alter(
        MODEL,
        (same) => same,
        (operator) => ({ ...operator, inputs: inputs.with(position, tensor) }),
      ),
    );
  assert.is(withInput(0, inputs[0]!), null);
  // A bias stands in for what is too much.
  for (const position of [9, 10, 11, 16, 17, 20, 21, 22, 23]) {
    assert.is(withInput(position, inputs[12]!), 'unsupportedOperator', `input ${position}`);
  }
  for (const position of [0, 1, 2, 6, 8, 12, 15, 18, 19]) {
    assert.is(withInput(position, -1), 'unsupportedOperator', `without input ${position}`);
  }
});

lstm('shapes, types and scales that do not fit are refused', () => {
  const { inputs, outputs } = MODEL.subgraph.operators[0]!;
  const places = [...inputs.slice(0, 9), ...inputs.slice(12, 16), inputs[18]!, inputs[19]!, outputs[0]!];
  for (const place of places) {
    const replaced = (change: Partial<Tensor>): string | null =>
      refused(alter(MODEL, (tensor, index) => (index === place ? { ...tensor, ...change } : tensor)));
    const { shape } = MODEL.subgraph.tensors[place]!;
    assert.is(replaced({}), null);
    assert.is(replaced({ shape: [...shape.slice(0, -1), shape.at(-1)! + 1] }), 'unsupportedOperator', `shape ${place}`);
    assert.is(replaced({ type: TensorType.float32 }), 'unsupportedOperator', `type of ${place}`);
  }
  const cell = (scale: number, zeroPoint = 0): string | null =>
    refused(
      alter(MODEL, (tensor, index) =>
        index === inputs[19] ? { ...tensor, quantisation: perTensor(scale, zeroPoint) } : tensor,
      ),
    );
  assert.is(cell(2 ** -11), null);
  for (const scale of [2 ** -8, 2 ** -16, 0.001, 1e30]) assert.is(cell(scale), 'unsupportedOperator', `scale ${scale}`);
  assert.is(cell(2 ** -11, 1), 'unsupportedOperator');
});

lstm('other activations, negative clips, hybrid models and states that are no variables are refused', () => {
  const option = (model: TfliteModel, fields: Record<string, number | boolean>): string | null =>
    refused(
      alter(
        model,
        (same) => same,
        (operator) => ({
          ...operator,
          options: { ...operator.options!, fields: { ...operator.options!.fields, ...fields } },
        }),
      ),
    );
  for (const model of [MODEL, REAL]) {
    assert.is(option(model, {}), null);
    assert.is(option(model, { fusedActivation: 1 }), 'unsupportedOperator');
    assert.is(option(model, { cellClip: -1 }), 'unsupportedOperator');
    assert.is(option(model, { cellClip: Number.NaN }), 'unsupportedOperator');
    assert.is(option(model, { diagonal: true }), 'unsupportedOperator');
    assert.is(refused(alter(model, (tensor) => ({ ...tensor, isVariable: false }))), 'unsupportedOperator');
  }
  const weights = REAL.subgraph.operators[0]!.inputs[1]!;
  const hybrid = alter(REAL, (tensor, index) => (index === weights ? { ...tensor, type: TensorType.int8 } : tensor));
  assert.is(refused(hybrid), 'unsupportedOperator');
});

lstm.run();
