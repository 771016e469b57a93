// What learning without labels is worth: `npm run bench:anomaly`. An autoencoder is trained on the first chapter of the
// simulated pump (or on the segments of --train), then all is replayed: without a label, with one window in a hundred
// labelled, and without a label and without the guard. Prints the rows of a Markdown table.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { readRecording } from '../../firmware/io/recording.ts';
import { type Recording, RecordingParser } from '../../firmware/io/recording-parser.ts';
import { defaultUnlabelledOptions } from '../../kernels/learning/unlabelled-options.ts';
import { pumpRows } from '../pump-rows.ts';
import type { AnomalyFigures } from '../replay/anomaly-score.ts';
import { replay } from '../replay/replay.ts';
import { trainModel } from '../train/train-model.ts';

const ROWS = 12_000;
const UNGUARDED = { ...defaultUnlabelledOptions, riseMax: 1e9, reach: 1e9 };
const WAYS = [
  { way: 'no labels', labelRate: 0, unlabelled: defaultUnlabelledOptions },
  { way: '1 % labelled', labelRate: 0.01, unlabelled: defaultUnlabelledOptions },
  { way: 'no labels, no guard', labelRate: 0, unlabelled: UNGUARDED },
] as const;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    recording: { type: 'string' },
    train: { type: 'string', default: 'factory' },
    window: { type: 'string', default: '4' },
    stride: { type: 'string', default: '4' },
  },
});

/** The part of a recording that a model is trained on, and the whole. */
interface Source {
  readonly seed: number;
  read(segments?: readonly string[]): Promise<Recording>;
}

const pump = (seed: number): Source => ({
  seed,
  read: async (segments) => {
    const parser = new RecordingParser(segments === undefined ? {} : { segments });
    for (const cells of pumpRows({ seed, rows: ROWS })) parser.push(cells);
    return parser.finish();
  },
});
const file = (path: string, seed: number): Source => ({
  seed,
  read: (segments) => readRecording(path, segments === undefined ? {} : { segments }),
});

const cell = (value: number | null | undefined, percent: boolean): string =>
  value === null || value === undefined ? '-' : percent ? `${(100 * value).toFixed(1)}` : value.toFixed(3);

function row(seed: number, way: string, chapter: string, { experts, asking, held, windows }: AnomalyFigures): string {
  const each = (figure: 'auc' | 'falseAlarms' | 'detected'): string =>
    ['frozen', 'local', 'mixture'].map((name) => cell(experts[name]?.[figure], figure !== 'auc')).join(' / ');
  const waits = `${((100 * (asking + held)) / windows).toFixed(0)}`;
  return `| ${[seed, way, chapter, each('auc'), each('falseAlarms'), each('detected'), waits].join(' | ')} |`;
}

async function measure({ seed, read }: Source): Promise<void> {
  const [window, stride] = [Number(flags.window), Number(flags.stride)];
  const shape = { window, stride, seed, features: 'raw' } as const;
  const recording = await read(flags.train.split(','));
  const { bytes: model } = await trainModel({ recording, task: 'anomaly', ...shape });
  const all = await read();
  for (const { way, labelRate, unlabelled } of WAYS) {
    const { anomaly } = replay({
      ...{ recording: all, model, labelRate, seed, unlabelled, baselines: [] },
      ...{ experts: ['frozen', 'local'], now: () => performance.now() },
    });
    for (const segment of anomaly!.segments) process.stdout.write(`${row(seed, way, segment.segment, segment)}\n`);
  }
}

const seeds = positionals.length === 0 ? [1, 2, 3] : positionals.map(Number);
const figures = 'AUC | false alarms, % | detected, %';
process.stdout.write(`| seed | | chapter | ${figures} | learning waits, % |\n|---|---|---|---|---|---|---|\n`);
for (const seed of seeds) await measure(flags.recording === undefined ? pump(seed) : file(flags.recording, seed));
