// Makes firmware/demo/rotating-machine.tflite, the demonstration's model: `node --import tsx tools/make-demo-model.ts`.
// It sees the machine as it was on the day of training: no drift. The same sources give the same file.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Recording, RecordingNode } from '../firmware/io/recording.ts';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_LABELS,
  MACHINE_SAMPLE_RATE_HZ,
} from '../firmware/simulated-machine.ts';
import { printReport } from './train/print-report.ts';
import { showProgress } from './train/progress.ts';
import { trainModel } from './train/train-model.ts';

/** Machines of the same type, none of them the demonstration's. */
const MACHINES = 10;
const FIRST_SEED = 1_000;
const SECONDS = 40;
/** 40 ms: 25 decisions a second, and four strikes of a damaged outer race. */
const WINDOW = 256;

const recordMachine = (seed: number): RecordingNode => {
  const machine = createSimulatedMachine({ seed, drift: null });
  const rows = SECONDS * MACHINE_SAMPLE_RATE_HZ;
  const values = new Float32Array(rows * MACHINE_CHANNELS.length);
  const label = new Int16Array(rows);
  for (let row = 0; row < rows; row++) label[row] = machine.next(values, row * MACHINE_CHANNELS.length);
  const tMs = Float64Array.from({ length: rows }, (_, row) => (row * 1_000) / MACHINE_SAMPLE_RATE_HZ);
  return { node: `machine-${seed}`, rows, tMs, segment: new Int32Array(rows), segments: ['1'], label, values };
};

const recording: Recording = {
  channels: [...MACHINE_CHANNELS],
  labels: [...MACHINE_LABELS],
  missing: 0,
  nodes: Array.from({ length: MACHINES }, (_, machine) => recordMachine(FIRST_SEED + machine)),
};
const progress = showProgress(process.stderr);
const { bytes, report } = await trainModel({
  recording,
  window: WINDOW,
  stride: WINDOW,
  seed: 0,
  features: 'spectral',
  hidden: [32, 16],
  onProgress: progress.update,
});
progress.stop();
const out = fileURLToPath(new URL('../firmware/demo/rotating-machine.tflite', import.meta.url));
await writeFile(out, bytes);
printReport(process.stdout, out, report);
