import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AdapterBatch,
  adapterBatchForward,
  ComputeGraph,
  type Matrix,
} from '../../kernels/graph/compute-graph.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { type Dice, dice } from '../support/dice.ts';

const adapters = suite('low-rank adapters on a batch');

const MEMORY_BYTES = 1 << 20;
/** Floats around every matrix that nobody may write, and that spoil what is computed from them. */
const GUARD = 7;
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 3e38, -3e38];
// The vectors of ARMv7 take subnormal numbers for 0 (Arm ARM, "Flush-to-zero").
if (process.arch !== 'arm') SPECIAL.push(1e-40, -1e-45);

type Name = 'x' | 'a' | 'b' | 'base' | 'out';

interface Shape {
  readonly batch: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly rank: number;
  readonly base: 'none' | 'own' | 'x' | 'out';
}

const compiled = createEngine({ memoryBytes: MEMORY_BYTES });
const plain = createEngine({ memoryBytes: MEMORY_BYTES, kernels: 'plain' });

const randomShape = ({ whole, pick }: Dice): Shape => {
  const inFeatures = pick([whole(1, 9), whole(1, 9), whole(10, 40), 64, 256, 259]);
  const base = pick(['none', 'own', 'x', 'out'] as const);
  const outFeatures = base === 'x' ? inFeatures : pick([whole(1, 9), whole(1, 9), whole(10, 40), 64, 256, 259]);
  return { batch: pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 32]), inFeatures, outFeatures, rank: whole(1, 10), base };
};

/** The same matrices in the memory of each engine, one behind the other, `last` at the very end of the memory. */
const layOut = (engine: WasmEngine, shape: Shape, values: ReadonlyMap<Name, readonly number[]>, last: Name) => {
  const { float32 } = engine;
  const { batch, inFeatures, outFeatures, rank } = shape;
  float32.fill(Number.NaN, 4096);
  let next = 4096 + GUARD;
  const place = (name: Name, rows: number, columns: number): Matrix => {
    const at = name === last ? float32.length - rows * columns : next;
    next += rows * columns + GUARD;
    const data = float32.subarray(at, at + rows * columns);
    data.set(values.get(name)!);
    return { rows, columns, data };
  };
  const x = place('x', batch, inFeatures);
  const a = place('a', rank, inFeatures);
  const b = place('b', outFeatures, rank);
  const out = place('out', batch, outFeatures);
  const base = { none: () => null, own: () => place('base', batch, outFeatures), x: () => x, out: () => out }[
    shape.base
  ]();
  return { x, a, b, out, base };
};

const draw = ({ batch, inFeatures, outFeatures, rank }: Shape, number: () => number): Map<Name, number[]> => {
  const sizes = { x: batch * inFeatures, a: rank * inFeatures, b: outFeatures * rank };
  const all = { ...sizes, base: batch * outFeatures, out: batch * outFeatures };
  return new Map(Object.entries(all).map(([name, length]) => [name as Name, Array.from({ length }, number)]));
};

/** Everything in the engine's memory that no kernel keeps for itself; NaN is NaN, whatever its payload. */
const expectSame = (found: Float32Array, expected: Float32Array, what: string): void => {
  assert.is(found.length, expected.length);
  for (let at = 0; at < found.length; at++) {
    if (!Object.is(found[at], expected[at])) assert.unreachable(`${what}, ${at}: ${found[at]}, not ${expected[at]}`);
  }
};

const checkTwin = (shape: Shape, number: () => number, last: Name, scaling: number): void => {
  const values = draw(shape, number);
  for (const engine of [compiled, plain]) {
    adapterBatchForward(engine, { ...layOut(engine, shape, values, last), scaling })();
  }
  const what = `${JSON.stringify(shape)}, ${last} at the end`;
  expectSame(compiled.float32.subarray(4096), plain.float32.subarray(4096), what);
};

adapters('the kernel gives the bits of its twin and touches nothing around its matrices, for 600 random shapes', () => {
  assert.ok(compiled.kernels !== null);
  const chance = dice(461);
  const { random, pick } = chance;
  for (let round = 0; round < 600; round++) {
    const shape = randomShape(chance);
    const last = pick(['x', 'a', 'b', 'out', shape.base === 'own' ? 'base' : 'out'] as const);
    checkTwin(shape, () => random() * 2 - 1, last, pick([1, 0.25, 0.1, -3]));
  }
  for (const batch of [1, 6]) {
    const wide = { batch, inFeatures: 67, outFeatures: 35, rank: 64, base: 'own' } as const;
    checkTwin(wide, () => random() * 2 - 1, 'b', 1 / 64);
  }
});

adapters('infinities, NaN, signed zeros and subnormal numbers go the same way through both', () => {
  const chance = dice(462);
  const { random, pick } = chance;
  for (let round = 0; round < 300; round++) {
    const share = pick([0.01, 0.1, 0.5]);
    const number = (): number => (random() < share ? pick(SPECIAL) : random() * 2 - 1);
    checkTwin(randomShape(chance), number, 'out', pick([1, 0.5, -1, 1e-30, 1e30]));
  }
});

/** What [n, c] is in real numbers, and the sum of the magnitudes of all that is added. */
const exactly = ({ x, a, b, base, scaling }: AdapterBatch, n: number, c: number): readonly [number, number] => {
  const start = base === null ? 0 : base.data[n * b.rows + c]!;
  let [value, magnitude] = [start, Math.abs(start)];
  for (let r = 0; r < a.rows; r++) {
    for (let i = 0; i < x.columns; i++) {
      const term = scaling * b.data[c * a.rows + r]! * a.data[r * x.columns + i]! * x.data[n * x.columns + i]!;
      value += term;
      magnitude += Math.abs(term);
    }
  }
  return [value, magnitude];
};

adapters('what comes out is base + scaling B A x, to the rounding errors that its operations may sum up to', () => {
  const chance = dice(463);
  const { random, pick } = chance;
  const shapes = [...Array.from({ length: 60 }, () => randomShape(chance))];
  for (const rank of [1, 2, 3, 64]) shapes.push({ batch: 5, inFeatures: 256, outFeatures: 30, rank, base: 'none' });
  for (const shape of shapes) {
    const values = draw(shape, () => random() * 2 - 1);
    const work = { ...layOut(compiled, shape, values, 'x'), scaling: pick([1, 0.25, -3]) };
    const expected = Array.from(work.out.data, (_, at) =>
      exactly(work, Math.floor(at / shape.outFeatures), at % shape.outFeatures),
    );
    adapterBatchForward(compiled, work)();
    // At most a rounding for each addition on the way, and three for the products (Higham 2002, §3.1).
    const roundings = shape.inFeatures + shape.rank + 4;
    work.out.data.forEach((found, at) => {
      const [value, magnitude] = expected[at]!;
      const bound = roundings * 2 ** -24 * 1.001 * magnitude;
      assert.ok(Math.abs(found - value) <= bound, `${JSON.stringify(shape)}, ${at}: ${found}, not ${value}`);
    });
  }
});

adapters('a row comes out the same whatever rows are beside it', () => {
  const chance = dice(464);
  for (let round = 0; round < 60; round++) {
    const shape = { ...randomShape(chance), base: 'own' } as const;
    const work = layOut(compiled, shape, draw(shape, chance.random), 'out');
    adapterBatchForward(compiled, { ...work, base: work.base, scaling: 2 })();
    const together = work.out.data.slice();
    const only = ({ rows, columns, data }: Matrix, row: number): Matrix => {
      assert.ok(row < rows);
      return { rows: 1, columns, data: data.subarray(row * columns, (row + 1) * columns) };
    };
    for (let n = 0; n < shape.batch; n++) {
      const [x, base, out] = [only(work.x, n), only(work.base!, n), only(work.out, n)];
      adapterBatchForward(compiled, { x, base, out, a: work.a, b: work.b, scaling: 2 })();
    }
    expectSame(work.out.data, together, JSON.stringify(shape));
  }
});

/** The engine, and how often its adapter kernel ran. */
const counting = () => {
  const engine = createEngine({ memoryBytes: MEMORY_BYTES });
  const count = { calls: 0 };
  const { kernels } = engine;
  assert.ok(kernels !== null);
  const adapterBatch: NonNullable<typeof kernels.adapterBatch> = (...operands) => {
    count.calls++;
    kernels.adapterBatch?.(...operands);
  };
  const counted: WasmEngine = Object.create(engine, { kernels: { value: { ...kernels, adapterBatch } } });
  return { engine: counted, count };
};

adapters('the graph computes with the kernel, once per change, and with its twin on memory of somebody else', () => {
  const { random } = dice(465);
  const { engine, count } = counting();
  const graph = new ComputeGraph(engine);
  const inputs = [graph.input(6, 11), graph.input(3, 11), graph.input(5, 3), graph.input(6, 5)] as const;
  const [x, a, b, base] = inputs;
  for (const node of inputs) node.set(Float32Array.from(node.target.data, () => random() - 0.5));
  const output = graph.adapter(x, a, b, 0.5, base);
  assert.is(count.calls, 0);
  const first = output.read().slice();
  output.read();
  assert.is(count.calls, 1);
  const elsewhere = graph.wrap(x.read().slice(), 6, 11);
  assert.equal(graph.adapter(elsewhere, a, b, 0.5, base).read(), first);
  assert.is(count.calls, 1, 'the kernel was given an address of another memory');
  base.set(base.read().map((value) => value + 1));
  assert.not.equal(output.read(), first);
  assert.is(count.calls, 2);
});

adapters('matrices whose shapes do not belong together are refused', () => {
  const good = { batch: 3, inFeatures: 4, outFeatures: 5, rank: 2, base: 'own' } as const;
  const work = { ...layOut(compiled, good, draw(good, Math.fround.bind(null, 1)), 'x'), scaling: 1 };
  const taller = (matrix: Matrix): Matrix => ({ ...matrix, rows: matrix.rows + 1 });
  const wider = (matrix: Matrix): Matrix => ({ ...matrix, columns: matrix.columns + 1 });
  const longer = (change: (matrix: Matrix) => Matrix, matrix: Matrix): Matrix => {
    const { rows, columns } = change(matrix);
    return { rows, columns, data: new Float32Array(rows * columns) };
  };
  for (const name of ['x', 'a', 'b', 'base', 'out'] as const) {
    for (const change of [taller, wider]) {
      for (const wrong of [change(work[name]!), longer(change, work[name]!)]) {
        assert.throws(() => adapterBatchForward(compiled, { ...work, [name]: wrong }), RangeError, name);
      }
    }
  }
  assert.throws(() => adapterBatchForward(compiled, { ...work, a: { ...work.a, data: work.a.data.subarray(1) } }));
});

adapters.run();
