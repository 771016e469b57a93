// Prints a recording of the simulated pump: `node --import tsx tools/make-pump-recording.ts ROWS [SEED]`, ROWS of each
// of its chapters. Every row says what is wrong: what an anomaly model makes of drift, sudden faults and slow wear can
// be measured on it (docs/learning-anomaly.md).
import { once } from 'node:events';
import { pumpRows } from './pump-rows.ts';

const [rows, seed] = [Number(process.argv[2] ?? 12_000), Number(process.argv[3] ?? 0)];
const LINES_AT_ONCE = 4_096;

let lines: string[] = [];
for (const cells of pumpRows({ seed, rows })) {
  if (lines.push(`${cells.join(',')}\n`) < LINES_AT_ONCE) continue;
  if (!process.stdout.write(lines.join(''))) await once(process.stdout, 'drain');
  lines = [];
}
process.stdout.write(lines.join(''));
