// `npm run bench:shapes [-- ROUNDS --json]`: what a multiply-add costs in layers of general shapes, against the good
// shape of their kind, and against the nearest one that suits the kernels: of the same stride, with one tap, 1 × 3 or
// 3 × 3, no dilation, no depth multiplier, and channels in eights. Every layer stands between two others.
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { monotonicNs, timedBy } from '../model/measure/sampler.ts';
import { type ConvolutionShape, type DepthwiseShape, type Layer, NetworkBuilder } from './network-builder.ts';

const ROUNDS = 41;
/** Sides of every output. */
const SIDE = 16;
/** A batch is this long, so that reading the clock is not measured; the least of some is what nobody interrupted. */
const BATCH_NS = 3e5;
const BATCHES = 3;
const WARM_UP_NS = 20e6;
const MEMORY_BYTES = 32 << 20;

interface NamedShape {
  readonly name: string;
  readonly from: number;
  readonly stride: readonly [number, number];
  /** The nearest shape that suits the kernels, which may be this one. */
  nearest(): NamedShape;
  add(net: NetworkBuilder, before: Layer): Layer;
}

const windowOf = ({ kernel, stride = [1, 1], dilation = [1, 1] }: ConvolutionShape | DepthwiseShape): string => {
  const words = [kernel.join('×')];
  if (stride[0] > 1) words.push(`stride ${stride[0]}`);
  if (dilation[0] > 1) words.push(`dilation ${dilation[0]}`);
  return words.join(' ');
};

const eights = (channels: number): number => Math.max(8, 8 * Math.round(channels / 8));

const plainKernel = ([rows, columns]: readonly [number, number]): [number, number] => [
  rows === 1 ? 1 : 3,
  columns === 1 ? 1 : 3,
];

const convolution = (from: number, channels: number, window: Omit<ConvolutionShape, 'channels'>): NamedShape => {
  const shape = { ...window, channels };
  const { stride = [1, 1] } = shape;
  return {
    name: `${windowOf(shape)}, ${from}→${channels}`,
    from,
    stride,
    nearest: () => convolution(eights(from), eights(channels), { kernel: plainKernel(window.kernel), stride }),
    add: (net, before) => net.convolution(before, shape),
  };
};

const depthwise = (from: number, shape: DepthwiseShape): NamedShape => {
  const { stride = [1, 1], multiplier = 1 } = shape;
  const channels = multiplier === 1 ? `${from} channels` : `${from} channels × ${multiplier}`;
  return {
    name: `depthwise ${windowOf(shape)}, ${channels}`,
    from,
    stride,
    nearest: () => depthwise(eights(from * multiplier), { kernel: plainKernel(shape.kernel), stride }),
    add: (net, before) => net.depthwise(before, shape),
  };
};

const pointwise = ([from, channels]: readonly [number, number]): NamedShape =>
  convolution(from, channels, { kernel: [1, 1] });

/** Of each kind the good shape first. */
const KINDS: readonly (readonly NamedShape[])[] = [
  (
    [
      [32, 32],
      [8, 8],
      [8, 16],
      [20, 20],
      [32, 12],
      [33, 35],
      [30, 9],
      [7, 7],
    ] as const
  ).map(pointwise),
  [
    convolution(32, 32, { kernel: [3, 3], stride: [2, 2] }),
    ...(
      [
        [3, 8],
        [3, 16],
        [3, 32],
        [1, 8],
        [1, 64],
      ] as const
    ).map(([from, channels]) => convolution(from, channels, { kernel: [3, 3], stride: [2, 2] })),
    convolution(1, 64, { kernel: [10, 4], stride: [2, 2] }),
    ...(
      [
        [9, 9],
        [12, 12],
        [20, 20],
        [33, 35],
      ] as const
    ).map(([from, channels]) => convolution(from, channels, { kernel: [3, 3] })),
    convolution(20, 20, { kernel: [3, 3], dilation: [2, 2] }),
    ...(
      [
        [5, 5],
        [1, 5],
        [3, 1],
      ] as const
    ).map((kernel) => convolution(20, 20, { kernel })),
  ],
  [
    depthwise(32, { kernel: [3, 3] }),
    ...[20, 10, 9, 7].map((from) => depthwise(from, { kernel: [3, 3] })),
    ...[20, 9].map((from) => depthwise(from, { kernel: [3, 3], stride: [2, 2] })),
    depthwise(20, { kernel: [3, 3], dilation: [2, 2] }),
    ...(
      [
        [5, 5],
        [1, 9],
      ] as const
    ).map((kernel) => depthwise(20, { kernel })),
    ...[2, 3, 4].map((multiplier) => depthwise(10, { kernel: [3, 3], multiplier })),
  ],
];

/** Picoseconds that a multiply-add takes in a layer, each time measured anew. */
type Costs = () => number;

const costsOf = (engine: WasmEngine, { from, stride, add }: NamedShape): Costs => {
  const net = new NetworkBuilder('shapes', 0);
  const input = net.input([1, SIDE * stride[0], SIDE * stride[1], from]);
  const model = net.build(input, net.pointwise(add(net, net.pointwise(input, from)), 8));
  const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
  interpreter.invoke();
  const timed = timedBy(monotonicNs, () => interpreter.runOperator(1));
  let [spent, calls] = [0, 1];
  // The compilers of V8 are done after that.
  while (spent < WARM_UP_NS) {
    calls *= 2;
    spent = timed(calls);
  }
  const batch = Math.ceil((BATCH_NS * calls) / spent);
  const least = (): number => Math.min(...Array.from({ length: BATCHES }, () => timed(batch)));
  return () => (1e3 * least()) / (batch * interpreter.multiplyAddsOf(1));
};

interface Row {
  readonly shape: string;
  readonly nearest: string;
  /** Medians: picoseconds of a multiply-add, and that against the good shape of the kind and the nearest one. */
  readonly ps: number;
  readonly ratio: number;
  readonly nearestRatio: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const measure = (engine: WasmEngine, shapes: readonly NamedShape[], rounds: number): Row[] => {
  const known = new Map<string, Costs>();
  const costs = (shape: NamedShape): Costs => {
    const cost = known.get(shape.name) ?? costsOf(engine, shape);
    known.set(shape.name, cost);
    return cost;
  };
  const layers = shapes.map((shape) => {
    const nearest = shape.nearest();
    return { shape: shape.name, nearest: nearest.name, cost: costs(shape), nearestCost: costs(nearest) };
  });
  const taken = layers.map((): Omit<Row, 'shape' | 'nearest'>[] => []);
  const good = layers[0]!.cost;
  for (let round = 0; round < rounds; round++) {
    layers.forEach(({ cost, nearestCost }, at) => {
      // What they are compared with before and after, so that a drift of the machine's speed is in both.
      const before = [good(), nearestCost()] as const;
      const ps = cost();
      const after = [nearestCost(), good()] as const;
      taken[at]!.push({
        ps,
        ratio: (2 * ps) / (before[0] + after[1]),
        nearestRatio: (2 * ps) / (before[1] + after[0]),
      });
    });
  }
  return layers.map(({ shape, nearest }, at) => ({
    shape,
    nearest,
    ps: median(taken[at]!.map(({ ps }) => ps)),
    ratio: median(taken[at]!.map(({ ratio }) => ratio)),
    nearestRatio: median(taken[at]!.map(({ nearestRatio }) => nearestRatio)),
  }));
};

const args = process.argv.slice(2);
const rounds = Number(args.find((arg) => !arg.startsWith('--')) ?? ROUNDS);
const engine = createEngine({ memoryBytes: MEMORY_BYTES });
const kinds = KINDS.map((shapes) => measure(engine, shapes, rounds));
if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ rounds, kinds })}\n`);
else {
  console.log('| layer | ps a multiply-add | against the good shape of its kind | against the nearest | which is |');
  console.log('|---|---|---|---|---|');
  for (const { shape, ps, ratio, nearestRatio, nearest } of kinds.flat())
    console.log(`| ${shape} | ${ps.toFixed(1)} | ${ratio.toFixed(2)} | ${nearestRatio.toFixed(2)} | ${nearest} |`);
}
