import type { Random } from '../../kernels/random.ts';
import type { LabelledWindows } from './windows.ts';

/** Positions of windows, ascending. */
export interface Split {
  readonly training: Int32Array;
  readonly heldBack: Int32Array;
}

/** Every class is cut into this many stretches of time; one in five is held back. */
const STRETCHES = 10;
const HELD_BACK = 2;

/**
 * Holds back a fifth of every class in whole stretches of time: neighbouring windows overlap or nearly repeat each
 * other, and a random split would score on what was trained. Training windows that share rows with a held-back
 * window are left out of both.
 */
export function splitByTime(windows: LabelledWindows, random: Random): Split {
  const heldBack = new Uint8Array(windows.count);
  for (let label = 0; label < windows.labels.length; label += 1) {
    const members: number[] = [];
    for (let i = 0; i < windows.count; i += 1) if (windows.truth[i] === label) members.push(i);
    const stretches = Math.min(STRETCHES, members.length);
    for (const stretch of chooseStretches(stretches, random)) {
      const from = Math.floor((members.length * stretch) / stretches);
      const to = Math.floor((members.length * (stretch + 1)) / stretches);
      for (const member of members.slice(from, to)) heldBack[member] = 1;
    }
  }
  const training: number[] = [];
  for (let i = 0; i < windows.count; i += 1) {
    if (heldBack[i] === 0 && !touchesHeldBack(windows, heldBack, i)) training.push(i);
  }
  return {
    training: Int32Array.from(training),
    heldBack: Int32Array.from({ length: windows.count }, (_, i) => i).filter((i) => heldBack[i] === 1),
  };
}

/** One stretch from each half of the class's time, so that early and late behaviour are both asked. */
function chooseStretches(stretches: number, random: Random): number[] {
  if (stretches < 2) return [];
  if (stretches < STRETCHES) return [random.integer(stretches)];
  const half = STRETCHES / HELD_BACK;
  return Array.from({ length: HELD_BACK }, (_, h) => h * half + random.integer(half));
}

/** Windows lie in time order within a node: only the neighbours within one window length can share rows. */
function touchesHeldBack(windows: LabelledWindows, heldBack: Uint8Array, i: number): boolean {
  for (const direction of [-1, 1]) {
    for (let j = i + direction; j >= 0 && j < windows.count && windows.node[j] === windows.node[i]; j += direction) {
      if (Math.abs(windows.firstRow[j]! - windows.firstRow[i]!) >= windows.window) break;
      if (heldBack[j] === 1) return true;
    }
  }
  return false;
}

/** values[rows]. */
export function pick(values: Int16Array, rows: Int32Array): Int16Array {
  return Int16Array.from(rows, (row) => values[row]!);
}

/** The named rows of a matrix [n x size]. */
export function pickRows(matrix: Float32Array, size: number, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    out.set(matrix.subarray(row * size, (row + 1) * size), i * size);
  });
  return out;
}
