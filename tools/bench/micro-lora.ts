import { createRandom } from '../../kernels/random.ts';
import { monotonicNs, Sampler, type Timed, timedBy } from '../model/measure/sampler.ts';
import { openSona } from './peers/sona.ts';

const WIDTH = 256;
const BATCH = 32;
const SCALING = 1;

/** One adapter and a batch of vectors, y = x + scaling × B(A x); float32. */
export interface AdapterBatch {
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
  prepare(work: AdapterBatch): () => void;
}

/** The first one is what the others are compared with. */
const CONTESTANTS: readonly Contestant[] = [
  { name: 'plain JavaScript', prepare: (work) => () => forwardPlain(work) },
  { name: '@ruvector/sona', prepare: prepareSona },
];

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

function drawBatch(rank: number): AdapterBatch {
  const random = createRandom(0, 'micro-lora');
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  return {
    ...{ width: WIDTH, rank, batch: BATCH, scaling: SCALING },
    ...{ input: draw(BATCH * WIDTH), output: new Float32Array(BATCH * WIDTH) },
    ...{ loraA: draw(rank * WIDTH), loraB: draw(WIDTH * rank) },
  };
}

/** As one writes it: typed arrays, one sum after the other. */
function forwardPlain({ width, rank, batch, scaling, input, output, loraA, loraB }: AdapterBatch): void {
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

/** It takes a vector at a time, as an array of numbers. */
function prepareSona({ width, rank, batch, input }: AdapterBatch): () => void {
  const apply = openSona(width, rank);
  const vectors = Array.from({ length: batch }, (_, vector) => [
    ...input.subarray(vector * width, (vector + 1) * width),
  ]);
  return () => {
    for (const vector of vectors) apply(vector);
  };
}
