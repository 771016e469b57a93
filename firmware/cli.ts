import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { version } from '../package.json';
import { parseDuration } from './cli-duration.ts';
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

/** Builds the command line of the node. @param run starts it */
export const createProgram = (run: (flags: RunFlags) => Promise<void>): Command => {
  const program = new Command('myrmex')
    .description('learning software for edge gateways: decides on a sensor stream and keeps its model right')
    .version(version)
    .showHelpAfterError('(myrmex run --help says more)');
  program
    .command('run')
    .description('run a gateway; without a configuration, the demonstration: a simulated machine that drifts')
    .option('--config <file>', 'configuration (JSON)')
    .option('--duration <time>', 'stop by itself, for example 30s, 10m, 2h', duration)
    .option('--json', 'make the last line of standard output one JSON object')
    .option('--recording <file>', 'play a recording (CSV, gzipped or not; - is standard input) instead of a sensor')
    .option('--model <file>', 'the .tflite model')
    .option('--node <name>', 'name of the gateway; with a recording, the node of it to play')
    .option('--segments <names>', 'play only these segments of the recording, separated by commas', list)
    .addOption(new Option('--speed <factor>', 'speed of the recording: max, or times its own').argParser(speed))
    .option('--label-rate <share>', 'share of the labels of the recording that is revealed', share)
    .option('--seed <number>', 'the same seed draws the same', integerFrom(0, Number.MAX_SAFE_INTEGER))
    .option('--state <directory>', 'where what is learned is kept')
    .option('--port <number>', 'port of the embedded broker, 0 for any', integerFrom(0, 65_535))
    .option('--site <name>', 'name of the site')
    .addOption(
      new Option('--engine <name>', 'what runs the model; native for the frozen expert alone').choices([
        'wasm',
        'native',
      ]),
    )
    .addOption(new Option('--log-level <level>', 'the most talkative level that is shown').choices([...LOG_LEVELS]))
    .action(run);
  return program;
};

/** Commander would end the process itself, with 1 for a wrong command line; 2 tells scripts that nothing was tried. */
export const neverExit = (command: Command): void => {
  command.exitOverride();
  for (const below of command.commands) neverExit(below);
};

/** Exit code of a command line that was answered (help, version) or refused by commander; null for other errors. */
export const usageExitCode = (error: unknown): number | null => {
  if (!(error instanceof CommanderError)) return null;
  return error.exitCode === 0 ? 0 : 2;
};

const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It must be a time such as 30s, 10m or 2h, at most 24 days.');
  return ms;
};

const integerFrom =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
};

const speed = (text: string): number | 'max' => {
  const value = Number(text);
  if (text === 'max') return text;
  if (value > 0 && value <= 1_000) return value;
  throw new InvalidArgumentError('It must be max, or a number above 0, such as 1.');
};

const list = (text: string): string[] => text.split(',').filter((name) => name !== '');
