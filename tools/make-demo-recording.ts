// Prints a recording of the demonstration's machine: `node --import tsx tools/make-demo-recording.ts SECONDS [SEED]`.
// It drifts as in the demonstration, and every row says the state of the machine: a recording whose truth is known.
import { once } from 'node:events';
import { demoConfiguration } from '../firmware/demo/configuration.ts';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_LABELS,
  MACHINE_SAMPLE_RATE_HZ,
} from '../firmware/simulated-machine.ts';

const [seconds, seed] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 0)];
const { sensor } = demoConfiguration;
const machine = createSimulatedMachine({ seed, drift: sensor.kind === 'simulated' ? sensor.drift : null });
const values = new Float32Array(MACHINE_CHANNELS.length);
const significant = (value: number): number => Number(value.toPrecision(7));

process.stdout.write(`node,segment,t_ms,label,${MACHINE_CHANNELS.join(',')}\n`);
let rows = '';
for (let sample = 0; sample < seconds * MACHINE_SAMPLE_RATE_HZ; sample++) {
  const state = machine.next(values, 0);
  const tMs = significant((sample * 1_000) / MACHINE_SAMPLE_RATE_HZ);
  rows += `machine-${seed},1,${tMs},${MACHINE_LABELS[state]},${Array.from(values, significant).join(',')}\n`;
  if (sample % 4_096 !== 4_095) continue;
  if (!process.stdout.write(rows)) await once(process.stdout, 'drain');
  rows = '';
}
process.stdout.write(rows);
