import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { FactoryWindows } from '../../protocols/factory-windows.ts';

/**
 * What a model takes along of its training: measured on gas_drift (train segment 1, stream 2-6, seeds 0-2), accuracy on
 * windows of segment 1 fell by 1.1, 0.7 and 1.4 points on average with 48, 64 and 96 of them, and by 19 without.
 */
const WINDOWS = 64;
/** For long windows fewer: they add to every model file and to the memory of every node. */
const BYTES_MAX = 16 * 1024;

/**
 * Training windows to go along with the model: as many of each class, evenly spread over its time.
 *
 * @param inputs [windows × size], normalised
 * @param truth class of each window
 * @param input quantisation of the model's input
 */
export function chooseFactoryWindows(
  inputs: Float32Array,
  truth: Int16Array,
  classes: number,
  input: { readonly scale: number; readonly zeroPoint: number },
): FactoryWindows {
  const size = inputs.length / truth.length;
  const each = Math.floor(Math.min(WINDOWS, BYTES_MAX / (size + 1)) / classes);
  const rows = Array.from({ length: classes }, (_, label) => spread(members(truth, label), each)).flat();
  const features = new Int8Array(rows.length * size);
  rows.forEach((row, w) => {
    const z = inputs.subarray(row * size, (row + 1) * size);
    quantiseInto(z, input.scale, input.zeroPoint, features.subarray(w * size, (w + 1) * size));
  });
  return { labels: Uint8Array.from(rows, (row) => truth[row]!), features };
}

const members = (truth: Int16Array, label: number): number[] =>
  Array.from(truth.keys()).filter((row) => truth[row] === label);

const spread = (rows: readonly number[], wanted: number): number[] => {
  const count = Math.min(wanted, rows.length);
  return Array.from({ length: count }, (_, w) => rows[Math.floor((w * rows.length) / count)]!);
};
