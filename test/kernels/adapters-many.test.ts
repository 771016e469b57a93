import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adapterBatchForward } from '../../kernels/graph/adapter-batch-forward.ts';
import { adapterManyForward } from '../../kernels/graph/adapter-many-forward.ts';
import { allocateMatrix, type Matrix } from '../../kernels/graph/matrix-node.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { dice } from '../support/dice.ts';

const many = suite('a different adapter for every row of a batch');

const drawMatrix = (engine: WasmEngine, rows: number, columns: number, random: () => number): Matrix => {
  const matrix = allocateMatrix(engine, rows, columns);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random() * 2 - 1;
  return matrix;
};

const rowOf = ({ columns, data }: Matrix, n: number): Matrix => {
  return { rows: 1, columns, data: data.subarray(n * columns, (n + 1) * columns) };
};

many('each row has the bits of its adapter alone, compiled and plain, for 200 random shapes', () => {
  const chance = dice(77);
  const { whole, pick } = chance;
  for (let round = 0; round < 200; round++) {
    const [batch, inFeatures, outFeatures, rank] = [whole(1, 9), whole(1, 40), whole(1, 40), whole(1, 6)];
    const hasBase = pick([true, false]);
    const results = (['compiled', 'plain'] as const).map((kernels) => {
      const { random } = dice(round);
      const engine = createEngine({ memoryBytes: 1 << 17, kernels });
      const [x, a] = [drawMatrix(engine, batch, inFeatures, random), drawMatrix(engine, rank, inFeatures, random)];
      const own = Array.from({ length: 3 }, () => drawMatrix(engine, outFeatures, rank, random));
      const b = Array.from({ length: batch }, (_, n) => own[n % 3]!);
      const base = hasBase ? drawMatrix(engine, batch, outFeatures, random) : null;
      const [out, single] = [
        drawMatrix(engine, batch, outFeatures, random),
        drawMatrix(engine, 1, outFeatures, random),
      ];
      adapterManyForward(engine, { x, a, b, base, out, scaling: 0.7 })();
      for (let n = 0; n < batch; n++) {
        const alone = { x: rowOf(x, n), a, b: b[n]!, base: base === null ? null : rowOf(base, n), out: single };
        adapterBatchForward(engine, { ...alone, scaling: 0.7 })();
        assert.equal([...rowOf(out, n).data], [...single.data], `${kernels}, round ${round}, row ${n}`);
      }
      return [...out.data];
    });
    assert.equal(results[0], results[1], `round ${round}`);
  }
});

many('shapes that do not fit are refused', () => {
  const engine = createEngine({ memoryBytes: 1 << 17 });
  const of = (rows: number, columns: number): Matrix => allocateMatrix(engine, rows, columns);
  const sound = { x: of(2, 8), a: of(1, 8), b: [of(5, 1), of(5, 1)], base: null, out: of(2, 5), scaling: 1 };
  adapterManyForward(engine, sound);
  for (const wrong of [
    { a: of(1, 7) },
    { b: [of(5, 1)] },
    { b: [of(5, 1), of(5, 2)] },
    { out: of(2, 4) },
    { base: of(1, 5) },
  ]) {
    assert.throws(() => adapterManyForward(engine, { ...sound, ...wrong }), /a matrix \[/);
  }
});

many.run();
