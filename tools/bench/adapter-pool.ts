// The program of tools/house/bench/adapter-pool.mjs: 1,024 rank-1 adapters of one model in stored form, how long a
// switch takes, 32 windows with 32 different adapters in one pass, and 10^6 windows in which memory must not grow.
import { readFileSync } from 'node:fs';
import { AdapterChooser, defaultChooserOptions } from '../../kernels/adapters/adapter-chooser.ts';
import { AdapterPool, storedBytes } from '../../kernels/adapters/adapter-pool.ts';
import { FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import { workingBytes } from '../../kernels/adapters/working-set.ts';
import { adapterBatchForward } from '../../kernels/graph/adapter-batch-forward.ts';
import { adapterManyForward } from '../../kernels/graph/adapter-many-forward.ts';
import type { Matrix } from '../../kernels/graph/matrix-node.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { monotonicNs, Sampler, timedBy } from '../model/measure/sampler.ts';

const ADAPTERS = 1024;
/** For a million windows: every place is looked at for each. */
const FEW = 32;
const WORKING = 8;
const SWITCHES = 20_000;
const WINDOWS = 1_000_000;
const BATCH = 32;
const DEFAULT_MODEL = 'firmware/demo/rotating-machine.tflite';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const random = createRandom(0, 'adapter pool');

/** A pool over the engine's own factors of every adapter point, filled. */
function fillPool(path: string, adaptersMax: number): { pool: AdapterPool; dimensions: number } {
  const interpreter = createInterpreter(readModel(readFileSync(path), defaultModelLimits), {
    ...{ engine: createEngine(), limits: defaultModelLimits, keepActivations: true },
  });
  const set = interpreter.createAdapterSet({ rank: 1, scaling: 1 });
  const factors = set.points.flatMap(({ loraB, bias }) => [loraB, bias]);
  const parameters = factors.map((values) => values.slice());
  const size = parameters.reduce((sum, { length }) => sum + length, 0);
  const codec = new FactorCodec(8);
  const codecs = parameters.map(() => codec);
  const publish = (): void => parameters.forEach((values, k) => void codec.round(values, factors[k]!));
  const optimiser = { first: new Float32Array(size), second: new Float32Array(size), powers: Float64Array.of(1, 1) };
  const live = { parameters, ...optimiser, publish };
  const pool = new AdapterPool({ adaptersMax, workingMax: WORKING, codecs, sharesA: true, live });
  const draw = parameters.map(({ length }) => new Float32Array(length));
  for (let id = 1; id < adaptersMax; id++) {
    pool.create(0);
    for (const values of draw) for (let i = 0; i < values.length; i++) values[i] = 0.1 * random.normal();
    pool.write(id, draw);
  }
  const each = storedBytes(codecs, live);
  say(`${path}: ${size} values of an adapter of rank 1`);
  const inUse = `${WORKING * workingBytes(size)} for ${WORKING} in use`;
  say(`${adaptersMax} adapters: ${adaptersMax * each} bytes stored (${each} each), ${inUse}`);
  const dimensions = interpreter.adapterPoints.at(-1)!.inFeatures;
  return { pool, dimensions };
}

function measureSwitches(pool: AdapterPool): void {
  const took = Float64Array.from({ length: SWITCHES }, () => {
    const began = monotonicNs();
    pool.load(random.integer(ADAPTERS));
    return (monotonicNs() - began) / 1000;
  }).sort();
  const at = (share: number): string => took[Math.floor(share * (SWITCHES - 1))]!.toFixed(1);
  say(`switch: median ${at(0.5)} µs, p99 ${at(0.99)} µs, longest ${at(1)} µs of ${SWITCHES}`);
}

/** A machine that changes its state every 500 windows, chosen for among 32 adapters of which 8 have working state. */
function measureMemory(pool: AdapterPool, dimensions: number): void {
  const chooser = new AdapterChooser(
    { ...defaultChooserOptions, memory: 8, hysteresis: 4 },
    pool,
    dimensions,
    () => {},
  );
  const window = new Int16Array(dimensions);
  const places = Array.from({ length: 16 }, () => Int16Array.from({ length: dimensions }, () => 50 * random.normal()));
  const used = (): number => {
    const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
    marks.push({ arrays: arrayBuffers, heap: heapUsed, rss });
    return rss;
  };
  const marks: { arrays: number; heap: number; rss: number }[] = [];
  for (let at = 0; at < WINDOWS; at++) {
    if (at % (WINDOWS / 10) === 0) used();
    const place = places[Math.floor(at / 500) % places.length]!;
    for (let i = 0; i < dimensions; i++) window[i] = place[i]! + (at % 7) - 3;
    pool.load(chooser.push(window, 0.05));
  }
  used();
  const mib = (bytes: number): string => (bytes / 1048576).toFixed(1);
  const line = (of: 'arrays' | 'heap' | 'rss'): string => marks.map((mark) => mib(mark[of])).join(' ');
  say(`${WINDOWS} windows, ${pool.loads} loads, ${pool.evictions} evictions; MiB at each tenth:`);
  say(`  arrays ${line('arrays')}\n  heap ${line('heap')}\n  resident ${line('rss')}`);
}

function matrixOf(engine: WasmEngine, rows: number, columns: number): Matrix {
  const data = new Float32Array(engine.uint8.buffer, engine.allocate(4 * rows * columns), rows * columns);
  for (let i = 0; i < data.length; i++) data[i] = random.normal();
  return { rows, columns, data };
}

function measureBatch(width: number, rank: number): void {
  const engine = createEngine();
  const x = matrixOf(engine, BATCH, width);
  const a = matrixOf(engine, rank, width);
  const b = Array.from({ length: BATCH }, () => matrixOf(engine, width, rank));
  const base = matrixOf(engine, BATCH, width);
  const out = matrixOf(engine, BATCH, width);
  const together = adapterManyForward(engine, { x, a, b, base, out, scaling: 1 });
  const row = ({ columns, data }: Matrix, n: number): Matrix => {
    return { rows: 1, columns, data: data.subarray(n * columns, (n + 1) * columns) };
  };
  const single = b.map((own, n) =>
    adapterBatchForward(engine, { x: row(x, n), a, b: own, base: row(base, n), out: row(out, n), scaling: 1 }),
  );
  const samplers = [together, (): void => single.forEach((one) => void one())].map(
    (call) => new Sampler(timedBy(monotonicNs, call)),
  );
  for (let round = 0; round < 9; round++) for (const sampler of samplers) sampler.take();
  const [one, many] = samplers.map((sampler) => sampler.quantileNs(0.5)) as [number, number];
  const ns = (time: number): string => (time / BATCH).toFixed(0);
  const figures = `${ns(one)} against ${ns(many)} ns, ${(many / one).toFixed(1)} times`;
  say(`${BATCH} windows with ${BATCH} adapters, width ${width}, rank ${rank}, each: ${figures}`);
}

const model = process.argv[2] ?? DEFAULT_MODEL;
measureSwitches(fillPool(model, ADAPTERS).pool);
for (const width of [64, 256]) for (const rank of [1, 2]) measureBatch(width, rank);
const few = fillPool(model, FEW);
measureMemory(few.pool, few.dimensions);
