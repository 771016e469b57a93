import type { AdapterSet } from '../interpreter.ts';
import type { Random } from '../random.ts';

const INT8_MAX = 127;

/**
 * LoRA's start (Hu et al. 2021, §4.1): A random, B and bias zero, so that the adapted model equals the frozen one bit
 * for bit until the first step. Entries of A are N(0, 1/in): A x then has the size of x's entries at any width. A is
 * stored as int8 with one scale per row and never changes; `random` must come from what the fleet shares.
 */
export function initialiseAdapters(set: AdapterSet, random: Random): void {
  for (const { loraA, loraAScale, loraB, bias } of set.points) {
    const inFeatures = loraA.length / set.rank;
    const row = new Float64Array(inFeatures);
    const deviation = 1 / Math.sqrt(inFeatures);
    for (let r = 0; r < set.rank; r++) {
      for (let i = 0; i < inFeatures; i++) row[i] = random.normal() * deviation;
      loraAScale[r] = quantiseRow(row, loraA.subarray(r * inFeatures, (r + 1) * inFeatures));
    }
    loraB.fill(0);
    bias.fill(0);
  }
}

/** Symmetric int8 with the row's largest magnitude at 127. Returns the scale. */
export function quantiseRow(row: Float64Array, out: Int8Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const scale = largest > 0 ? Math.fround(largest / INT8_MAX) : 1;
  for (let i = 0; i < row.length; i++) out[i] = Math.max(-INT8_MAX, Math.min(INT8_MAX, Math.round(row[i]! / scale)));
  return scale;
}
