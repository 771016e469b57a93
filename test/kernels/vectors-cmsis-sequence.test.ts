import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matmulInt16 } from '../../kernels/ops/batch-matmul-arithmetic.ts';
import { matmulGeometry } from '../../kernels/ops/batch-matmul-geometry.ts';
import { wideMultiplier } from '../../kernels/ops/fixed-point-wide.ts';
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

vectors.run();
