import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { FEATURE_KINDS, type FeatureKind } from '../train/feature-choice.ts';
import { integerFrom, list } from './arguments.ts';

interface TrainFlags {
  window: number;
  stride: number;
  out: string;
  segments?: string[];
  nodes?: string[];
  hidden: number[];
  features: FeatureKind;
  seed: number;
  epochs?: number;
  json?: true;
}

/** `myrmexctl train`: a recording in, a .tflite with its model card out. */
export function trainCommand(): Command {
  return new Command('train')
    .description('fit a dense int8 classifier to a labelled recording')
    .argument('<recording>', 'CSV or gzipped CSV: node,segment,t_ms,label,<channel>,...; - is standard input')
    .requiredOption('--window <rows>', 'rows per window', integerFrom(1, 1 << 16))
    .requiredOption('--stride <rows>', "rows from one window's start to the next one's", integerFrom(1, 1 << 16))
    .requiredOption('--out <file>', 'the .tflite to write')
    .option('--segments <names>', 'use only these segments, separated by commas', list)
    .option('--nodes <names>', 'use only these nodes, separated by commas', list)
    .option('--hidden <widths>', 'widths of the hidden layers', widths, [64, 32])
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
    const { window, stride, seed, features, hidden, epochs } = flags;
    const { bytes, report } = await trainModel({
      ...{ recording, window, stride, seed, features, hidden, onProgress: progress.update },
      ...(epochs === undefined ? {} : { epochs }),
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

function widths(text: string): number[] {
  return text.split(',').map(integerFrom(1, 4096));
}
