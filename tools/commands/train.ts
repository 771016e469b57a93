import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { CommandError } from '../errors.ts';
import { FEATURE_KINDS, type FeatureKind } from '../train/feature-choice.ts';
import type { TrainOptions } from '../train/train-options.ts';
import { integerFrom, list, share } from './arguments.ts';

const TASKS = ['classification', 'anomaly'] as const;
/** `autoencoder` is a dense model of the anomaly task. */
const MODELS = ['dense', 'conv', 'autoencoder'] as const;

interface TrainFlags {
  window: number;
  stride: number;
  out: string;
  segments?: string[];
  nodes?: string[];
  task?: 'classification' | 'anomaly';
  model: 'dense' | 'conv' | 'autoencoder';
  hidden?: number[];
  channelsOut?: number[];
  kernel?: number;
  thresholdQuantile?: number;
  features: FeatureKind;
  seed: number;
  epochs?: number;
  json?: true;
}

/** `myrmexctl train`: a recording in, a .tflite with its model card out. */
export function trainCommand(): Command {
  return new Command('train')
    .description('fit an int8 classifier to a labelled recording, or an autoencoder to what is normal in one')
    .argument('<recording>', 'CSV or gzipped CSV: node,segment,t_ms,label,<channel>,...; - is standard input')
    .requiredOption('--window <rows>', 'rows per window', integerFrom(1, 1 << 16))
    .requiredOption('--stride <rows>', "rows from one window's start to the next one's", integerFrom(1, 1 << 16))
    .requiredOption('--out <file>', 'the .tflite to write')
    .option('--segments <names>', 'use only these segments, separated by commas', list)
    .option('--nodes <names>', 'use only these nodes, separated by commas', list)
    .addOption(new Option('--task <task>', 'tell labels apart, or say how odd a window is').choices(TASKS))
    .addOption(
      new Option('--model <kind>', 'dense layers on features, convolutions on the raw window; autoencoder: anomaly')
        .choices(MODELS)
        .default('dense'),
    )
    .option('--hidden <widths>', 'widths of the dense layers before the last (dense: 64,32; conv: 32)', widths)
    .option('--channels-out <counts>', 'channels of each convolution, the first and the separable ones', widths)
    .option('--kernel <taps>', 'taps of the separable convolutions (default: 5)', integerFrom(1, 255))
    .option('--threshold-quantile <share>', 'share of normal windows below the threshold (default: 0.99)', share)
    .addOption(new Option('--features <kind>', 'what to compute from a window').choices(FEATURE_KINDS).default('auto'))
    .option('--seed <number>', 'the same seed gives the same file', integerFrom(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--epochs <number>', 'passes over the data (default: by the number of windows)', integerFrom(1, 10_000))
    .option('--json', 'print the report as one JSON object on the last line')
    .action(run);
}

async function run(path: string, flags: TrainFlags): Promise<void> {
  // TensorFlow.js and the CSV reader are heavy: other commands must not wait for them.
  const { readRecording } = await import('../../firmware/io/recording.ts');
  const { trainModel } = await import('../train/train-model.ts');
  const { showProgress } = await import('../train/progress.ts');
  const started = performance.now();
  await access(dirname(flags.out), constants.W_OK); // not after a minute of training
  const recording = await readRecording(path, {
    ...(flags.nodes === undefined ? {} : { nodes: flags.nodes }),
    ...(flags.segments === undefined ? {} : { segments: flags.segments }),
  });
  const progress = showProgress(process.stderr);
  try {
    const { window, stride, seed, features } = flags;
    const { bytes, report } = await trainModel({
      ...{ recording, window, stride, seed, features, onProgress: progress.update },
      ...chosen(flags),
    });
    progress.stop();
    await writeFile(flags.out, bytes);
    const { printReport } = await import('../train/print-report.ts');
    printReport(process.stdout, flags.out, report);
    const elapsedMs = Math.round(performance.now() - started);
    if (flags.json === true) process.stdout.write(`${JSON.stringify({ out: flags.out, ...report, elapsedMs })}\n`);
  } finally {
    progress.stop();
  }
}

/** What the person chose of the model; what was left out is the model's own to choose. */
function chosen({ task, model, ...flags }: TrainFlags): Partial<TrainOptions> {
  const { hidden, channelsOut, kernel, epochs, thresholdQuantile } = flags;
  const anomaly = model === 'autoencoder' || task === 'anomaly';
  if (model === 'autoencoder' && task === 'classification') {
    throw new CommandError('contradiction', 'an autoencoder tells no labels apart: leave --task, or --model', 2);
  }
  if (!anomaly && thresholdQuantile !== undefined) {
    throw new CommandError('contradiction', '--threshold-quantile belongs to --task anomaly: leave one', 2);
  }
  return {
    task: anomaly ? 'anomaly' : 'classification',
    model: model === 'conv' ? 'conv' : 'dense',
    ...(hidden === undefined ? {} : { hidden }),
    ...(channelsOut === undefined ? {} : { channelsOut }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(thresholdQuantile === undefined ? {} : { thresholdQuantile }),
  };
}

function widths(text: string): number[] {
  return text.split(',').map(integerFrom(1, 4096));
}
