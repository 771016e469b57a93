import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matmulInt16 } from '../../kernels/ops/batch-matmul-arithmetic.ts';
import { matmulGeometry } from '../../kernels/ops/batch-matmul-geometry.ts';
import { wideMultiplier } from '../../kernels/ops/fixed-point-wide.ts';
import { foldZeroPoint, type LstmInt8Gate, lstmInt8 } from '../../kernels/ops/lstm-int8.ts';
import { microRounding } from '../../kernels/ops/lstm-rounding.ts';
import { svdfInt8 } from '../../kernels/ops/svdf-int8.ts';
import { type CmsisCase, cmsisCases } from '../support/cmsis-cases.ts';
import { dataTest } from '../support/data.ts';

const vectors = suite('CMSIS-NN vectors of products and sequences');

/** Runs every case of one operator and says how many there were. */
const runAll = (operator: string, expected: number, run: (unit: CmsisCase) => void): void => {
  dataTest(vectors, operator, 'cmsis_nn_vectors', () => {
    const cases = cmsisCases(operator);
    for (const unit of cases) run(unit);
    assert.is(cases.length, expected);
  });
};

const shapeOf = (unit: CmsisCase, side: 'lhs' | 'rhs'): number[] =>
  ['batch', 'height', 'rows', 'cols'].map((dimension) => unit.number(`${side}_${dimension}`));

runAll('batch_matmul', 5, (unit) => {
  const [adjX, adjY] = [unit.number('adj_x') === 1, unit.number('adj_y') === 1];
  const geometry = matmulGeometry(shapeOf(unit, 'lhs'), shapeOf(unit, 'rhs'), adjX, adjY);
  if (typeof geometry === 'string') throw new Error(`${unit.name} ${geometry}`);
  const multiplier = { multiplier: unit.number('output_multiplier'), shift: unit.number('output_shift') };
  const [lhs, rhs, expected] = [unit.int16('lhs_input_tensor'), unit.int16('rhs_input_tensor'), unit.int16('output')];
  const found = new Int16Array(expected.length);
  matmulInt16(geometry, wideMultiplier(multiplier), lhs, rhs, found);
  assert.equal(found, expected, unit.name);
});

runAll('svdf', 3, (unit) => {
  const [batches, inputs] = [unit.number('input_batches'), unit.number('input_size')];
  const [filters, memory] = [unit.number('feature_batches'), unit.number('time_batches')];
  const time = unit.elements('weights_time') as Int8Array | Int16Array;
  const tensors = {
    features: unit.int8('weights_feature'),
    time,
    bias: unit.int32('biases'),
    state: unit.elements('state') as Int8Array | Int16Array,
    output: new Int8Array(unit.number('dst_size')),
  };
  const layer = {
    batches,
    inputs,
    filters,
    rank: unit.number('rank'),
    memory,
    inputZeroPoint: unit.number('input_offset'),
    outputZeroPoint: unit.number('output_offset'),
    featureMultiplier: { multiplier: unit.number('multiplier_in'), shift: unit.number('shift_1') },
    timeMultiplier: { multiplier: unit.number('multiplier_out'), shift: unit.number('shift_2') },
  };
  const sequence = unit.int8('input_sequence');
  const step = batches * inputs;
  for (let at = 0; at < sequence.length; at += step) {
    svdfInt8(layer, { ...tensors, input: sequence.slice(at, at + step) });
  }
  assert.equal(tensors.output, unit.int8('output_ref'), unit.name);
});

const multiplierOf = (unit: CmsisCase, name: string) => ({
  multiplier: unit.number(`${name}_multiplier`),
  shift: unit.number(`${name}_shift`),
});

const gateOf = (unit: CmsisCase, name: string): LstmInt8Gate => {
  const inputWeights = unit.int8(`${name}_gate_input_weights`);
  const recurrentWeights = unit.int8(`${name}_gate_hidden_weights`);
  const inputStart = unit.int32(`${name}_gate_bias`);
  const recurrentStart = new Int32Array(inputStart.length);
  // The header has the offset that is added to the input, the negative of a zero point.
  foldZeroPoint(inputWeights, -unit.number('input_zero_point'), inputStart);
  foldZeroPoint(recurrentWeights, unit.number('output_zero_point'), recurrentStart);
  return {
    inputWeights,
    recurrentWeights,
    inputStart,
    recurrentStart,
    inputMultiplier: multiplierOf(unit, `${name}_gate_input`),
    recurrentMultiplier: multiplierOf(unit, `${name}_gate_hidden`),
  };
};

runAll('lstm', 4, (unit) => {
  const [batches, cells] = [unit.number('batch_size'), unit.number('hidden_size')];
  const rounding = microRounding(
    unit.number('cell_scale_power'),
    multiplierOf(unit, 'forget_to_cell'),
    multiplierOf(unit, 'input_to_cell'),
  );
  const layer = {
    batches,
    steps: unit.number('time_steps'),
    inputs: unit.number('input_size'),
    cells,
    timeMajor: unit.word('time_major') === 'true',
    inputGate: gateOf(unit, 'input'),
    forgetGate: gateOf(unit, 'forget'),
    cellGate: gateOf(unit, 'cell'),
    outputGate: gateOf(unit, 'output'),
    cellMin: -unit.number('cell_clip'),
    cellMax: unit.number('cell_clip'),
    hiddenMultiplier: multiplierOf(unit, 'output'),
    hiddenZeroPoint: unit.number('output_zero_point'),
    rounding,
  };
  const expected = unit.int8('output');
  const output = new Int8Array(expected.length);
  const hidden = new Int8Array(batches * cells).fill(layer.hiddenZeroPoint);
  lstmInt8(layer, { input: unit.int8('input_tensor'), hidden, cell: new Int16Array(batches * cells), output });
  assert.equal(output, expected, unit.name);
});

vectors.run();
