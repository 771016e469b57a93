import { adapterBatchForward } from '../../kernels/graph/compute-graph.ts';
import { createRandom } from '../../kernels/random.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import { monotonicNs, Sampler, type Timed, timedBy } from '../model/measure/sampler.ts';
import { openSona } from './peers/sona.ts';

const WIDTH = 256;
const BATCH = 32;
const SCALING = 1;
const MEMORY_BYTES = 1 << 20;

/** One adapter and a batch of vectors, y = x + scaling × B(A x); float32, all in an engine's memory. */
export interface MicroLora {
  readonly engine: WasmEngine;
  readonly width: number;
  readonly rank: number;
  readonly batch: number;
  readonly scaling: number;
  /** [batch × width] */
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** [rank × width] and [width × rank] */
  readonly loraA: Float32Array;
  readonly loraB: Float32Array;
}

/** A way to compute a whole batch. */
interface Contestant {
  readonly name: string;
  prepare(work: MicroLora): () => void;
}

/** Those whose output is y; the first one is what all are compared with. */
export const ALIKE: readonly Contestant[] = [
  { name: 'plain JavaScript', prepare: (work) => () => forwardPlain(work) },
  { name: 'the same, ranks side by side', prepare: (work) => () => forwardSideBySide(work) },
  { name: 'Myrmex wasm', prepare: prepareOurs },
];

/** It draws factors of its own. */
const CONTESTANTS: readonly Contestant[] = [...ALIKE, { name: '@ruvector/sona', prepare: prepareSona }];

export interface MicroLoraRow {
  readonly rank: number;
  readonly name: string;
  /** Median, per vector. */
  readonly ns: number;
}

/** Every contestant at ranks 1 and 2, in turn. */
export function benchMicroLora(rounds: number): MicroLoraRow[] {
  return [1, 2].flatMap((rank) => {
    const samplers = CONTESTANTS.map(({ name, prepare }) => {
      const timed: Timed = timedBy(monotonicNs, prepare(drawBatch(rank)));
      return { name, sampler: new Sampler(timed) };
    });
    for (let round = 0; round < rounds; round++) for (const { sampler } of samplers) sampler.take();
    return samplers.map(({ name, sampler }) => ({ rank, name, ns: sampler.quantileNs(0.5) / BATCH }));
  });
}

export function drawBatch(rank: number): MicroLora {
  const random = createRandom(0, 'micro-lora');
  const engine = createEngine({ memoryBytes: MEMORY_BYTES });
  const zeros = (length: number): Float32Array => {
    const address = engine.allocate(length * Float32Array.BYTES_PER_ELEMENT);
    return new Float32Array(engine.float32.buffer, address, length);
  };
  const draw = (length: number): Float32Array => {
    const values = zeros(length);
    values.set(values.map(() => random.normal()));
    return values;
  };
  return {
    ...{ engine, width: WIDTH, rank, batch: BATCH, scaling: SCALING },
    ...{ input: draw(BATCH * WIDTH), output: zeros(BATCH * WIDTH) },
    ...{ loraA: draw(rank * WIDTH), loraB: draw(WIDTH * rank) },
  };
}

/** As one writes it: typed arrays, one sum after the other. */
function forwardPlain({ width, rank, batch, scaling, input, output, loraA, loraB }: MicroLora): void {
  const hidden = new Float32Array(rank);
  for (let vector = 0; vector < batch; vector++) {
    const at = vector * width;
    for (let r = 0; r < rank; r++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += loraA[r * width + i]! * input[at + i]!;
      hidden[r] = sum;
    }
    for (let i = 0; i < width; i++) {
      let delta = 0;
      for (let r = 0; r < rank; r++) delta += loraB[i * rank + r]! * hidden[r]!;
      output[at + i] = input[at + i]! + scaling * delta;
    }
  }
}

/** As one writes it for ranks 1 and 2 who minds chains of additions: those of the two ranks run side by side. */
function forwardSideBySide({ width, rank, batch, scaling, input, output, loraA, loraB }: MicroLora): void {
  for (let vector = 0; vector < batch; vector++) {
    const at = vector * width;
    let [first, second] = [0, 0];
    if (rank === 1) {
      for (let i = 0; i < width; i++) first += loraA[i]! * input[at + i]!;
      first *= scaling;
      for (let i = 0; i < width; i++) output[at + i] = input[at + i]! + loraB[i]! * first;
      continue;
    }
    for (let i = 0; i < width; i++) {
      const value = input[at + i]!;
      first += loraA[i]! * value;
      second += loraA[width + i]! * value;
    }
    first *= scaling;
    second *= scaling;
    for (let i = 0; i < width; i++) {
      output[at + i] = input[at + i]! + loraB[2 * i]! * first + loraB[2 * i + 1]! * second;
    }
  }
}

/** The kernel of the compute graph's adapter nodes. */
function prepareOurs({ engine, width, rank, batch, scaling, input, output, loraA, loraB }: MicroLora): () => void {
  const x = { rows: batch, columns: width, data: input };
  const a = { rows: rank, columns: width, data: loraA };
  const b = { rows: width, columns: rank, data: loraB };
  const out = { rows: batch, columns: width, data: output };
  return adapterBatchForward(engine, { x, a, b, base: x, out, scaling });
}

/** It takes a vector at a time, as an array of numbers. */
function prepareSona({ width, rank, batch, input }: MicroLora): () => void {
  const apply = openSona(width, rank);
  const vectors = Array.from({ length: batch }, (_, vector) => [
    ...input.subarray(vector * width, (vector + 1) * width),
  ]);
  return () => {
    for (const vector of vectors) apply(vector);
  };
}
