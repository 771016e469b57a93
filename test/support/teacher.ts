import type { RecordingNode } from '../../firmware/io/recording.ts';
import { seeded } from './models.ts';

export interface TaughtStream {
  readonly classes: number;
  readonly channels: number;
  readonly rows: number;
  readonly seed: number;
  /** Added to every channel from the middle of the stream on. */
  readonly drift: number;
}

/**
 * A stream whose classes can be learned: each class is a blob around its own centre, in random order; from the middle
 * on, everything is moved by `drift`.
 */
export function taughtStream({ classes, channels, rows, seed, drift }: TaughtStream): RecordingNode {
  const random = seeded(seed);
  const centres = Array.from({ length: classes * channels }, () => (random() * 2 - 1) * 2);
  const label = Int16Array.from({ length: rows }, () => Math.floor(random() * classes));
  const values = new Float32Array(rows * channels);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c++) {
      const noise = (random() + random() + random() - 1.5) * 0.8;
      values[row * channels + c] = centres[label[row]! * channels + c]! + noise + (row >= rows / 2 ? drift : 0);
    }
  }
  return {
    node: `node-${seed}`,
    rows,
    tMs: Float64Array.from({ length: rows }, (_, row) => row * 10),
    segment: new Int32Array(rows),
    segments: ['0'],
    label,
    values,
  };
}
