import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_LABELS,
  MACHINE_SAMPLE_RATE_HZ,
  type MachineDrift,
} from '../../firmware/simulated-machine.ts';

/** The model of the demonstration, which knows the simulated machine. */
export const demoModelPath = fileURLToPath(new URL('../../firmware/demo/rotating-machine.tflite', import.meta.url));

/** A folder that is left to the system's own cleaning. */
export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'myrmex-test-'));

/** Writes a recording of the simulated machine and returns its path. @param spoil may change a row's cells */
export const machineRecording = async (options: {
  seed: number;
  seconds: number;
  drift?: MachineDrift;
  spoil?: (cells: string[], row: number) => void;
}): Promise<string> => {
  const { seed, seconds, drift = null, spoil } = options;
  const machine = createSimulatedMachine({ seed, drift });
  const values = new Float32Array(MACHINE_CHANNELS.length);
  const lines = [`node,segment,t_ms,label,${MACHINE_CHANNELS.join(',')}`];
  for (let row = 0; row < seconds * MACHINE_SAMPLE_RATE_HZ; row++) {
    const state = machine.next(values, 0);
    const tMs = (row * 1_000) / MACHINE_SAMPLE_RATE_HZ;
    const cells = ['press-7', '1', `${tMs}`, MACHINE_LABELS[state]!, ...Array.from(values, String)];
    spoil?.(cells, row);
    lines.push(cells.join(','));
  }
  const path = join(await temporaryFolder(), 'machine.csv');
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
};
