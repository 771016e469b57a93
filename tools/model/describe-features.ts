import { readRecording } from '../../firmware/io/recording.ts';
import { createFeatures, type FeatureSpec } from '../../kernels/signal/features.ts';
import type { NormalisationSpec } from '../../kernels/signal/normalise.ts';
import type { Task } from '../../protocols/model-card.ts';
import { CommandError } from '../errors.ts';
import { chooseFeatures, extractAll } from '../train/feature-choice.ts';
import { fitNormalisation } from '../train/standardise.ts';
import { cutWindows } from '../train/windows.ts';
import { cutNormalWindows, type Windows } from './describe-windows.ts';

export interface FeatureFlags {
  readonly channels: string[];
  readonly window: number;
  readonly stride?: number;
  readonly features: 'raw' | 'statistics' | 'spectral';
  readonly recording?: string;
  /** False: the features go in as they come, whatever the recording. */
  readonly standardise: boolean;
}

export interface DescribedFeatures {
  readonly spec: FeatureSpec;
  readonly normalisation: NormalisationSpec;
  /** Of the recording; null without one. */
  readonly windows: Windows | null;
  readonly remark: string | null;
}

/**
 * What the model takes, and the windows of the recording that say so: a classifier's labelled ones, an anomaly model's
 * normal ones, all of a regressor's.
 *
 * @throws RecordingError, CommandError when the recording does not fit what was said
 */
export async function featuresFor(task: Task, flags: FeatureFlags): Promise<DescribedFeatures> {
  const { channels, window, features: kind } = flags;
  const shape = { channels: channels.length, window };
  if (flags.recording === undefined) {
    if (kind === 'spectral') {
      const why = 'their noise floor is measured on it';
      throw new CommandError('recordingNeeded', `spectral features need --recording: ${why}`);
    }
    return { spec: { kind }, normalisation: asTheyCome({ kind }, shape), windows: null, remark: null };
  }
  const { windows, remark } = await windowsOf(task, flags.recording, flags);
  const spec = chooseFeatures(kind, windows);
  if (!flags.standardise) return { spec, normalisation: asTheyCome(spec, shape), windows, remark };
  const features = extractAll(spec, shape, windows.samples);
  const normalisation = fitNormalisation(features, features.length / windows.count, 'linear');
  return { spec, normalisation, windows, remark };
}

/** The model gets the features untouched: it was trained to do its own scaling, or needs none. */
function asTheyCome(spec: FeatureSpec, shape: { channels: number; window: number }): NormalisationSpec {
  const { size } = createFeatures(spec, shape);
  const fill = <T>(value: T): T[] => new Array<T>(size).fill(value);
  return { transform: fill('linear' as const), mean: fill(0), deviation: fill(1) };
}

async function windowsOf(
  task: Task,
  path: string,
  { channels, window, stride = window }: FeatureFlags,
): Promise<{ windows: Windows; remark: string | null }> {
  const recording = await readRecording(path, { targets: task === 'regression' });
  if (recording.channels.join() !== channels.join()) {
    throw new CommandError('channels', `${path} has the channels ${recording.channels.join(', ')}: name them all, so`);
  }
  if (task === 'classification') {
    const windows = cutWindows(recording, window, stride);
    if (windows.count > 0) return { windows, remark: null };
    throw new CommandError('noWindow', `${path} has no labelled window of ${window} rows: give it labels, or leave it`);
  }
  const { windows, leftOut } = cutNormalWindows(recording, window, stride);
  if (windows.count === 0) {
    const what = task === 'anomaly' ? 'normal window' : 'window';
    throw new CommandError('noWindow', `${path} has no whole ${what} of ${window} rows: record more, or leave it`);
  }
  const remark = leftOut === 0 ? null : `${leftOut} windows of ${path} left out: not normal, or too much is missing`;
  return { windows, remark };
}
