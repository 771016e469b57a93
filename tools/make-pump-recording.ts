// Prints a recording of the simulated pump: `node --import tsx tools/make-pump-recording.ts ROWS [SEED]`, ROWS of each
// of its chapters. Every row says what is wrong: what an anomaly model makes of drift, sudden faults and slow wear can
// be measured on it (docs/learning-anomaly.md).
import { once } from 'node:events';
import { PUMP_CHANNELS, PUMP_INTERVAL_MS, simulatePump } from './simulated-pump.ts';

const [rows, seed] = [Number(process.argv[2] ?? 12_000), Number(process.argv[3] ?? 0)];
const ROWS_AT_ONCE = 4_096;

process.stdout.write(`node,segment,t_ms,label,${PUMP_CHANNELS.join(',')}\n`);
let lines: string[] = [];
let at = 0;
for (const { segment, label, values } of simulatePump({ seed, rows })) {
  const cells = values.map((value) => Number(value.toPrecision(6)));
  lines.push(`pump-${seed},${segment},${at * PUMP_INTERVAL_MS},${label},${cells.join(',')}\n`);
  at++;
  if (lines.length < ROWS_AT_ONCE) continue;
  if (!process.stdout.write(lines.join(''))) await once(process.stdout, 'drain');
  lines = [];
}
process.stdout.write(lines.join(''));
