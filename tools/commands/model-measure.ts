import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { CommandError } from '../errors.ts';
import { benchModel } from '../model/measure/bench.ts';
import { compareEngines } from '../model/measure/compare.ts';
import { ENGINE_NAMES, type EngineName, engineNames, openEngines } from '../model/measure/engines.ts';
import { printBench, printComparison, printProfile } from '../model/measure/print.ts';
import { profileModel } from '../model/measure/profile.ts';
import { integerFrom } from './arguments.ts';

interface Shown {
  readonly json?: true;
}

interface BenchOptions extends Shown {
  readonly engine: EngineName | 'all';
  readonly runs: number;
}

interface ProfileOptions extends Shown {
  readonly engine: 'wasm' | 'plain';
  readonly runs: number;
}

interface CompareOptions extends Shown {
  readonly engines: string;
  readonly inputs: number;
  readonly seed: number;
}

const notice = (line: string): void => void process.stderr.write(`${line}\n`);
const show = <T>(report: T, { json }: Shown, print: (report: T) => string): void =>
  void process.stdout.write(json ? `${JSON.stringify(report)}\n` : print(report));
const runs = integerFrom(1, 10_000);

/** `model bench`, `model profile` and `model compare`. */
export function addMeasureCommands(model: Command): void {
  model
    .command('bench')
    .description('time one inference on each engine, in turn')
    .argument('<model>', 'path of a .tflite file')
    .addOption(new Option('--engine <name>', 'which engine').choices([...ENGINE_NAMES, 'all']).default('all'))
    .option('--runs <number>', 'turns of each engine', runs, 20)
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: BenchOptions) => {
      const names = options.engine === 'all' ? ENGINE_NAMES : [options.engine];
      const bytes = await readFile(path);
      const report = benchModel(path, bytes, openEngines(names, notice), options.runs, notice);
      show(report, options, printBench);
      if (report.engines.length === 0) process.exitCode = 1;
    });
  model
    .command('profile')
    .description('time each operator')
    .argument('<model>', 'path of a .tflite file')
    .addOption(new Option('--engine <name>', 'which engine').choices(['wasm', 'plain']).default('wasm'))
    .option('--runs <number>', 'turns of each operator', runs, 20)
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: ProfileOptions) => {
      show(profileModel(path, await readFile(path), options.engine, options.runs), options, printProfile);
    });
  model
    .command('compare')
    .description('run two engines on the same random inputs; exit code 1 when they should agree and do not')
    .argument('<model>', 'path of a .tflite file')
    .option('--engines <names>', 'two engines, separated by a comma', 'wasm,plain')
    .option('--inputs <number>', 'how many inputs', integerFrom(1, 1_000_000), 300)
    .option('--seed <number>', 'the same seed draws the same inputs', integerFrom(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: CompareOptions) => {
      const names = engineNames(options.engines);
      if (names.length !== 2) throw new CommandError('engineName', `name two engines, not "${options.engines}"`, 2);
      const [one, other] = openEngines(names, notice);
      if (one === undefined || other === undefined) throw new CommandError('engineAbsent', 'one of the two is absent');
      const report = compareEngines(path, await readFile(path), [one, other], options);
      show(report, options, printComparison);
      if (!report.identical && report.numerics[0] === report.numerics[1]) process.exitCode = 1;
    });
}
