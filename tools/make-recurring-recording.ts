// `node --import tsx tools/make-recurring-recording.ts [SEED] > recurring.csv`: a machine that makes three products in
// turn, each of which moves the six channels; what a signal means depends on the product. Segment `train` is one
// alone; P0, Q0, R0, … P5, Q5, R5 come back again and again. What a pool of adapters is for.
import { createRandom } from '../kernels/random.ts';

const CHANNELS = 6;
const CLASSES = ['a', 'b', 'c'];
const TRAIN_ROWS = 600;
const STAY_ROWS = 300;
const ROUNDS = 6;
const INTERVAL_MS = 100;

const random = createRandom(Number(process.argv[2] ?? 0), 'recurring machine');
const draw = (count: number, deviation: number): number[] =>
  Array.from({ length: count }, () => deviation * random.normal());
const centres = CLASSES.map(() => draw(CHANNELS, 1.5));
const products = ['P', 'Q', 'R'].map((name, meaning) => ({ name, meaning, shift: draw(CHANNELS, 0.7) }));

const lines = [`node,segment,t_ms,label,${Array.from({ length: CHANNELS }, (_, c) => `c${c}`).join()}`];
const stay = (segment: string, rows: number, meaning: number, shift: readonly number[]): void => {
  for (let row = 0; row < rows; row++) {
    const kind = random.integer(CLASSES.length);
    const values = centres[kind]!.map((centre, c) => (centre + shift[c]! + 0.8 * random.normal()).toFixed(4));
    const label = CLASSES[(kind + meaning) % CLASSES.length]!;
    lines.push(`machine,${segment},${(lines.length - 1) * INTERVAL_MS},${label},${values.join()}`);
  }
};
stay('train', TRAIN_ROWS, 0, draw(CHANNELS, 0));
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, meaning, shift } of products) stay(`${name}${round}`, STAY_ROWS, meaning, shift);
}
process.stdout.write(`${lines.join('\n')}\n`);
