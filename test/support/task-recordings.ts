import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './machine-recording.ts';
import { seeded } from './models.ts';
import { measured, NORMAL } from './task-models.ts';

/** Writes a recording; rows are `segment,t_ms,label` and then the samples. */
export const recordingOf = async (
  channels: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Promise<string> => {
  const path = join(await temporaryFolder(), 'recording.csv');
  const lines = rows.map((cells) => `press-7,${cells.join(',')}`);
  await writeFile(path, `node,segment,t_ms,label,${channels.join(',')}\n${lines.join('\n')}\n`);
  return path;
};

export const ANOMALY_CHANNELS = ['channel0', 'channel1', 'channel2', 'channel3'];

/**
 * For the autoencoder of task-models: segment `monday` is normal, every third row without a label; `tuesday` has a leak
 * in every fourth row, as much off as `oddness` says.
 */
export const anomalyRecording = (seed: number, oddness = 1): Promise<string> => {
  const random = seeded(seed);
  const noise = (): number => (random() - 0.5) * 0.1;
  const sample = (odd: boolean): number[] => {
    const a = random() * 4 - 2;
    return NORMAL.map((part, c) => a * part + noise() + (odd && c === 3 ? oddness : 0));
  };
  const monday = Array.from({ length: 400 }, (_, row) => [
    'monday',
    row,
    row % 3 === 0 ? '' : 'normal',
    ...sample(false),
  ]);
  const tuesday = Array.from({ length: 200 }, (_, row) => {
    const odd = row % 4 === 3;
    return ['tuesday', row, odd ? 'leak' : 'normal', ...sample(odd)];
  });
  return recordingOf(ANOMALY_CHANNELS, [...monday, ...tuesday]);
};

/** For the regressor of task-models: the true value as label, with `error` added; every fifth row has none. */
export const measuredRecording = (seed: number, error = 0): Promise<string> => {
  const random = seeded(seed);
  const rows = Array.from({ length: 2_000 }, (_, row) => {
    const x = [random() * 6 - 3, random() * 6 - 3];
    return ['monday', row, row % 5 === 0 ? '' : measured(x) + error, ...x];
  });
  return recordingOf(['channel0', 'channel1'], rows);
};
