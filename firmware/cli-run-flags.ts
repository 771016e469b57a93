import { parseDuration } from './cli-duration.ts';
import { type Option, UsageError, type Verb, verb } from './command/command.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';

/** Flags of `myrmex run` as the command line gives them; what is absent comes from the configuration. */
export interface RunFlags {
  readonly config?: string;
  readonly duration?: number;
  readonly json?: true;
  readonly recording?: string;
  readonly model?: string;
  readonly node?: string;
  readonly segments?: string[];
  readonly speed?: number | 'max';
  readonly labelRate?: number;
  readonly seed?: number;
  readonly state?: string;
  readonly port?: number;
  readonly site?: string;
  readonly logLevel?: LogLevel;
  readonly engine?: 'wasm' | 'native';
}

/** Said after what is wrong with the command line. */
export const HINT = '(myrmex run --help says more)';

/** `myrmex run`. @param act starts it */
export const runVerb = (act: (flags: RunFlags) => Promise<void>): Verb =>
  verb({
    name: 'run',
    text: 'run a gateway; without a configuration, the demonstration: a simulated machine that drifts',
    hint: HINT,
    options: runOptions(),
    act,
  });

const runOptions = (): readonly Option[] => [
  { flags: '--config <file>', text: 'configuration (JSON)' },
  { flags: '--duration <time>', text: 'stop by itself, for example 30s, 10m, 2h', read: duration },
  { flags: '--json', text: 'make the last line of standard output one JSON object' },
  {
    flags: '--recording <file>',
    text: 'play a recording (CSV, gzipped or not; - is standard input) instead of a sensor',
  },
  { flags: '--model <file>', text: 'the .tflite model' },
  { flags: '--node <name>', text: 'name of the gateway; with a recording, the node of it to play' },
  {
    flags: '--segments <names>',
    text: 'play only these segments of the recording, separated by commas',
    read: list,
  },
  { flags: '--speed <factor>', text: 'speed of the recording: max, or times its own', read: speed },
  { flags: '--label-rate <share>', text: 'share of the labels of the recording that is revealed', read: share },
  { flags: '--seed <number>', text: 'the same seed draws the same', read: integerFrom(0, Number.MAX_SAFE_INTEGER) },
  { flags: '--state <directory>', text: 'where what is learned is kept' },
  { flags: '--port <number>', text: 'port of the embedded broker, 0 for any', read: integerFrom(0, 65_535) },
  { flags: '--site <name>', text: 'name of the site' },
  {
    flags: '--engine <name>',
    text: 'what runs the model; native for the frozen expert alone',
    choices: ['wasm', 'native'],
  },
  { flags: '--log-level <level>', text: 'the most talkative level that is shown', choices: LOG_LEVELS },
];

const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === null) throw new UsageError('It must be a time such as 30s, 10m or 2h, at most 24 days.');
  return ms;
};

const integerFrom =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new UsageError(`It must be a whole number from ${least} to ${most}.`);
  };

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new UsageError('It must be a number from 0 to 1.');
};

const speed = (text: string): number | 'max' => {
  const value = Number(text);
  if (text === 'max') return text;
  if (value > 0 && value <= 1_000) return value;
  throw new UsageError('It must be max, or a number above 0, such as 1.');
};

const list = (text: string): string[] => text.split(',').filter((name) => name !== '');
