import { readFile, rename, writeFile } from 'node:fs/promises';
import { readRecording } from '../../firmware/io/recording.ts';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createFeatures, type FeatureSpec } from '../../kernels/signal/features.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { encodeModelCard, MODEL_CARD_METADATA_NAME, type ModelCard } from '../../protocols/model-card.ts';
import { CommandError } from '../errors.ts';
import { chooseFeatures, extractAll } from '../train/feature-choice.ts';
import { fitNormalisation } from '../train/standardise.ts';
import { cutWindows } from '../train/windows.ts';

export interface DescribeFlags {
  readonly labels: string[];
  readonly channels: string[];
  readonly window: number;
  readonly stride?: number;
  readonly features: 'raw' | 'statistics' | 'spectral';
  readonly recording?: string;
  readonly sampleInterval: number;
  readonly out?: string;
}

/**
 * Gives a model from elsewhere the card that a node needs, and proves that a node can load it before anything is
 * written. The file is replaced in one step: whoever reads it sees the old model or the new one.
 *
 * @throws ModelError or ModelCardError when model and description do not fit, RecordingError, CommandError
 */
export async function describeFile(path: string, flags: DescribeFlags): Promise<{ out: string; features: number }> {
  const model = readModel(await readFile(path), defaultModelLimits);
  const card = await cardFrom(flags);
  const bytes = writeModel(withCard(model, encodeModelCard(card)));
  const { features } = loadModel(bytes, defaultModelLimits);
  const out = flags.out ?? path;
  await writeFile(`${out}.new`, bytes, { flush: true });
  await rename(`${out}.new`, out);
  return { out, features: features.size };
}

/** The model with this card; an earlier card's buffer is reused, so that describing twice adds nothing. */
function withCard(model: TfliteModel, card: Uint8Array): TfliteModel {
  const earlier = model.metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME);
  return {
    ...model,
    buffers: model.buffers.map((bytes) => (bytes === earlier?.bytes ? card : bytes)),
    metadata: [...model.metadata.filter((entry) => entry !== earlier), { name: MODEL_CARD_METADATA_NAME, bytes: card }],
  };
}

async function cardFrom(flags: DescribeFlags): Promise<ModelCard> {
  const { labels, channels, window, stride = window, sampleInterval } = flags;
  const { spec, normalisation } = flags.recording === undefined ? asTheyCome(flags) : await standardised(flags);
  const { transform, mean, deviation } = normalisation;
  return {
    kind: 'myrmex-model',
    version: 1,
    task: 'classifier',
    ...{ labels, channels, window, stride, sampleIntervalMs: sampleInterval },
    features: spec.kind === 'spectral' ? { ...spec, edges: [...spec.edges], floor: [...spec.floor] } : spec,
    normalisation: { transform: [...transform], mean: [...mean], deviation: [...deviation] },
  };
}

/** Without a recording the model gets the features untouched: it was trained to do its own scaling, or needs none. */
function asTheyCome({ features: kind, channels, window }: DescribeFlags) {
  if (kind === 'spectral') {
    throw new CommandError(
      'recordingNeeded',
      'spectral features need --recording: their noise floor is measured on it',
    );
  }
  const spec: FeatureSpec = { kind };
  const { size } = createFeatures(spec, { channels: channels.length, window });
  const fill = <T>(value: T): T[] => new Array<T>(size).fill(value);
  return { spec, normalisation: { transform: fill('linear' as const), mean: fill(0), deviation: fill(1) } };
}

/** Mean and deviation of the features over a recording's labelled windows, as `train` would have it. */
async function standardised(flags: DescribeFlags) {
  const { channels, window, stride = window, features: kind } = flags;
  const path = flags.recording!;
  const recording = await readRecording(path);
  if (recording.channels.join() !== channels.join()) {
    throw new CommandError('channels', `${path} has the channels ${recording.channels.join(', ')}: name them all, so`);
  }
  const windows = cutWindows(recording, window, stride);
  if (windows.count === 0) {
    throw new CommandError('noWindow', `${path} has no labelled window of ${window} rows: give it labels, or leave it`);
  }
  const spec = chooseFeatures(kind, windows);
  const features = extractAll(spec, { channels: channels.length, window }, windows.samples);
  return { spec, normalisation: fitNormalisation(features, features.length / windows.count, 'linear') };
}
