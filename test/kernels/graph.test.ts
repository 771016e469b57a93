import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ComputeGraph, type InputNode, type MatrixNode } from '../../kernels/graph/compute-graph.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { denseNet } from '../support/dense-net.ts';
import { randomInt8, seeded } from '../support/models.ts';

const graphs = suite('compute graph');

/** How a random graph is made: each node refers to two earlier ones. All are square, so that everything fits. */
interface Recipe {
  readonly kind: 'matmul' | 'transposed' | 'add' | 'adapter';
  readonly first: number;
  readonly second: number;
}

type Action = { readonly kind: 'set'; readonly input: number } | { readonly kind: 'read'; readonly node: number };

const SIDE = 3;
const INPUTS = 3;

const recipes: fc.Arbitrary<Recipe[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('matmul', 'transposed', 'add', 'adapter'),
    first: fc.nat(1000),
    second: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 12 },
);

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), input: fc.nat(INPUTS - 1) }),
    fc.record({ kind: fc.constant('read' as const), node: fc.nat(1000) }),
  ),
  { minLength: 1, maxLength: 25 },
);

const square = (entry: (row: number, column: number) => number): number[] =>
  Array.from({ length: SIDE * SIDE }, (_, at) => entry(Math.floor(at / SIDE), at % SIDE));

const sum = (term: (k: number) => number): number => {
  let total = 0;
  for (let k = 0; k < SIDE; k++) total = Math.fround(total + Math.fround(term(k)));
  return total;
};

/** The recipe at once, on plain arrays. */
const eager = (recipe: Recipe, a: readonly number[], b: readonly number[]): number[] => {
  const at = (matrix: readonly number[], row: number, column: number): number => matrix[row * SIDE + column]!;
  const product = (x: readonly number[], y: readonly number[]): number[] =>
    square((row, column) => sum((k) => at(x, row, k) * at(y, column, k)));
  switch (recipe.kind) {
    case 'matmul':
      return square((row, column) => sum((k) => at(a, row, k) * at(b, k, column)));
    case 'transposed':
      return product(a, b);
    case 'add':
      return square((row, column) => Math.fround(at(a, row, column) + at(b, row, column)));
    case 'adapter':
      return product(product(a, b), b).map((value) => Math.fround(0.5 * value));
  }
};

const lazy = (graph: ComputeGraph, recipe: Recipe, a: MatrixNode, b: MatrixNode): MatrixNode => {
  switch (recipe.kind) {
    case 'matmul':
      return graph.matmul(a, b);
    case 'transposed':
      return graph.matmul(a, b, 'out × in');
    case 'add':
      return graph.add(a, b);
    case 'adapter':
      return graph.adapter(a, b, b, 0.5);
  }
};

graphs('reads equal the eager result, and compute exactly the changed nodes that they need', () => {
  fc.assert(
    fc.property(recipes, actions, (recipeList, actionList) => {
      const random = seeded(441);
      const graph = new ComputeGraph(createEngine({ memoryBytes: 1 << 16, kernels: 'plain' }));
      const inputs = Array.from({ length: INPUTS }, () => graph.input(SIDE, SIDE));
      const nodes: MatrixNode[] = [...inputs];
      const values = inputs.map(() => square(() => 0));
      const sources: (readonly number[])[] = inputs.map(() => []);
      for (const recipe of recipeList) {
        const pair = [recipe.first % nodes.length, recipe.second % nodes.length] as const;
        sources.push(pair);
        nodes.push(lazy(graph, recipe, nodes[pair[0]]!, nodes[pair[1]]!));
      }
      const computed = nodes.map(() => 0);
      const dirty = new Set(nodes.keys());
      const eagerValue = (node: number): number[] => {
        if (node < INPUTS) return values[node]!;
        const [first, second] = sources[node]! as readonly [number, number];
        return eager(recipeList[node - INPUTS]!, eagerValue(first), eagerValue(second));
      };
      const expectRead = (node: number): void => {
        for (const source of sources[node]!) expectRead(source);
        if (dirty.delete(node)) computed[node] = computed[node]! + 1;
      };
      for (const action of actionList) {
        if (action.kind === 'set') {
          values[action.input] = square(() => Math.fround(random() * 2 - 1));
          inputs[action.input]!.set(values[action.input]!);
          for (const node of nodes.keys()) if (dependsOn(sources, node, action.input)) dirty.add(node);
        } else {
          const node = action.node % nodes.length;
          assert.equal([...nodes[node]!.read()], eagerValue(node));
          expectRead(node);
        }
        assert.equal(
          nodes.map(({ evaluations }) => evaluations),
          computed,
        );
      }
    }),
    { seed: 442, numRuns: 150 },
  );
});

const dependsOn = (sources: readonly (readonly number[])[], node: number, input: number): boolean =>
  node === input || sources[node]!.some((source) => dependsOn(sources, source, input));

/** Two layers of 5 → 4 → 3 on a batch of 6, the second one with an adapter of rank 2. */
const network = (graph: ComputeGraph) => {
  const x = graph.input(6, 5);
  const [w1, b1, w2, b2] = [graph.input(5, 4), graph.input(1, 4), graph.input(4, 3), graph.input(1, 3)];
  const [loraA, loraB] = [graph.input(2, 4), graph.input(3, 2)];
  const hidden = graph.add(graph.matmul(x, w1), b1);
  const frozen = graph.add(graph.matmul(hidden, w2), b2);
  const delta = graph.adapter(hidden, loraA, loraB, 2);
  return { x, hidden, frozen, loraA, loraB, delta, output: graph.add(frozen, delta), all: [w1, b1, w2, b2] };
};

const fill = (random: () => number, node: InputNode): void =>
  node.set(Float32Array.from({ length: node.rows * node.columns }, () => random() * 2 - 1));

graphs('a new B computes the adapter and what follows again, not the frozen layers', () => {
  const random = seeded(443);
  const graph = new ComputeGraph(createEngine({ memoryBytes: 1 << 20 }));
  const net = network(graph);
  for (const node of [net.x, net.loraA, ...net.all]) fill(random, node);
  const base = net.output.read().slice();
  assert.equal(base, net.frozen.read(), 'B of zeros changes the output');
  const counts = () => [net.hidden, net.frozen, net.delta, net.output].map(({ evaluations }) => evaluations);
  net.output.read();
  assert.equal(counts(), [1, 1, 1, 1]);
  for (let step = 2; step < 6; step++) {
    fill(random, net.loraB);
    assert.not.equal(net.output.read(), base);
    assert.equal(counts(), [1, 1, step, step]);
  }
  fill(random, net.x);
  net.hidden.read();
  assert.equal(counts(), [2, 1, 5, 5], 'reading one node computed others');
});

graphs('an adapter is scaling times B A x, to the precision of float32', () => {
  const random = seeded(444);
  for (const [batch, inside, rank, out] of [
    [1, 1, 1, 1],
    [7, 33, 2, 19],
    [32, 256, 2, 256],
    [5, 16, 9, 3],
  ] as const) {
    const graph = new ComputeGraph(createEngine({ memoryBytes: 4 << 20 }));
    const [x, a, b] = [graph.input(batch, inside), graph.input(rank, inside), graph.input(out, rank)];
    for (const node of [x, a, b]) fill(random, node);
    const found = graph.adapter(x, a, b, 0.25).read();
    const [xs, as, bs] = [x.read(), a.read(), b.read()];
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < out; c++) {
        let exact = 0;
        for (let r = 0; r < rank; r++) {
          let hidden = 0;
          for (let i = 0; i < inside; i++) hidden += as[r * inside + i]! * xs[n * inside + i]!;
          exact += bs[c * rank + r]! * hidden;
        }
        assert.ok(Math.abs(found[n * out + c]! - 0.25 * exact) < 1e-4 * Math.sqrt(inside), `${n}, ${c}`);
      }
    }
  }
});

graphs('reading constructs no typed array, also through an int8 model', () => {
  const random = seeded(445);
  const engine = createEngine({ memoryBytes: 8 << 20 });
  const graph = new ComputeGraph(engine);
  const net = network(graph);
  const model = graph.model(graph.wrap(net.output.read(), 6, 3), smallModel(random, engine, [3, 8, 4]));
  const logits = model.logits();
  const constructed = countTypedArrays(() => {
    for (let round = 0; round < 200; round++) {
      net.x.changed();
      net.loraB.changed();
      net.output.read();
      logits.read();
    }
  });
  assert.is(constructed, 0);
});

const smallModel = (random: () => number, engine: ReturnType<typeof createEngine>, sizes: readonly number[]) =>
  createInterpreter(
    denseNet(random, { sizes, perChannel: true, activation: 1, ending: 'softmax', floatEnds: false, withBias: true }),
    { engine, limits, keepActivations: true },
  );

graphs('a model on a batch: what one invocation for each row gives, computed once for all its taps', () => {
  const random = seeded(446);
  const engine = createEngine({ memoryBytes: 8 << 20 });
  const interpreter = smallModel(random, engine, [11, 20, 6]);
  const adapters = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
  const graph = new ComputeGraph(engine);
  const x = graph.input(5, 11);
  const [view] = interpreter.inputs;
  const rows = Array.from({ length: 5 }, () => randomInt8(random, 11));
  // Real values on the model's own grid: quantising them gives these bytes back.
  x.set(rows.flatMap((row) => Array.from(row, (q) => view!.scale * (q - view!.zeroPoint))));
  const model = graph.model(x, interpreter, adapters);
  const [input, output, logits] = [model.layerInput(1), model.layerOutput(0), model.logits()];
  const expected = () =>
    rows.map((row) => {
      view!.data.set(row);
      interpreter.invoke(adapters);
      const { data, scale, zeroPoint } = interpreter.logits;
      const point = interpreter.adapterPoints[1]!;
      return {
        logits: Array.from(data, (q) => Math.fround(scale * (q - zeroPoint))),
        input: Array.from(point.input, (q) => Math.fround(point.inputScale * q)),
      };
    });
  const before = expected();
  assert.equal(
    [...logits.read()],
    before.flatMap((row) => row.logits),
  );
  assert.equal(
    [...input.read()],
    before.flatMap((row) => row.input),
  );
  assert.equal([...output.read()], [...input.read()], 'a layer does not read what the one before it wrote');
  assert.is(model.evaluations, 1);
  for (const { loraA, loraAScale, loraB } of adapters.points) {
    loraA.set(randomInt8(random, loraA.length));
    loraAScale.fill(0.01);
    loraB.set(Float32Array.from(loraB, () => random() - 0.5));
  }
  logits.read();
  assert.is(model.evaluations, 1, 'nobody said that the factors changed');
  model.adaptersChanged();
  const after = expected();
  assert.equal(
    [...logits.read()],
    after.flatMap((row) => row.logits),
  );
  assert.not.equal(after, before);
  assert.is(model.evaluations, 2);
});

graphs('a tap that comes late is filled, and a failed computation is tried again', () => {
  const random = seeded(447);
  const engine = createEngine({ memoryBytes: 8 << 20 });
  const interpreter = smallModel(random, engine, [4, 6, 3]);
  const graph = new ComputeGraph(engine);
  const x = graph.input(2, 4);
  fill(random, x);
  const model = graph.model(x, interpreter);
  const logits = model.logits().read().slice();
  assert.ok(
    model
      .layerOutput(0)
      .read()
      .some((value) => value !== 0),
  );
  assert.equal(model.logits().read(), logits);
  const foreign = smallModel(random, engine, [4, 6, 3]).createAdapterSet({ rank: 1, scaling: 1 });
  const broken = graph.model(x, interpreter, foreign).logits();
  assert.throws(() => broken.read(), /another interpreter/);
  assert.throws(() => broken.read(), /another interpreter/);
});

graphs('shapes that do not fit, and nodes of another graph, are refused when the graph is built', () => {
  const engine = createEngine({ memoryBytes: 1 << 20 });
  const [graph, other] = [new ComputeGraph(engine), new ComputeGraph(engine)];
  const x = graph.input(4, 5);
  for (const attempt of [
    () => graph.input(0, 3),
    () => graph.input(2, 1.5),
    () => graph.wrap(new Float32Array(5), 2, 3),
    () => x.set([1, 2, 3]),
    () => graph.matmul(x, graph.input(4, 5)),
    () => graph.matmul(x, graph.input(5, 4), 'out × in'),
    () => graph.add(x, graph.input(2, 5)),
    () => graph.add(x, graph.input(4, 4)),
    () => graph.adapter(x, graph.input(2, 4), graph.input(3, 2), 1),
    () => graph.adapter(x, graph.input(2, 5), graph.input(3, 1), 1),
    () => graph.matmul(x, other.input(5, 5)),
    () => graph.model(x, smallModel(seeded(448), engine, [6, 3])),
    () => graph.model(x, smallModel(seeded(449), engine, [5, 3])).layerInput(1),
  ]) {
    assert.throws(attempt, (error: unknown) => error instanceof RangeError, String(attempt));
  }
});

graphs.run();
