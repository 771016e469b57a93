import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programOf } from '../../firmware/cli.ts';
import { type Command, type Flags, type Group, UsageError } from '../../firmware/command/command.ts';
import { runCommand } from '../../firmware/command/run.ts';

const commandLine = suite("the node's command line, as commander has it");

/** What a command line led to. */
interface Outcome {
  out: string;
  error: string;
  code: number;
  /** The verb, its operand and its flags. */
  done: readonly unknown[];
}

const COLUMNS = 80;

/** The same commands, that only note what they were asked. */
const noting = (command: Command, done: unknown[]): Command =>
  'commands' in command
    ? { ...command, commands: command.commands.map((below) => noting(below, done)) }
    : { ...command, act: async (flags: Flags, word: string) => void done.push(command.name, word, { ...flags }) };

const ours = async (args: readonly string[]): Promise<Outcome> => {
  const done: unknown[] = [];
  const [out, error]: [string[], string[]] = [[], []];
  const screen = {
    columns: COLUMNS,
    out: (text: string) => void out.push(text),
    error: (text: string) => void error.push(text),
  };
  const code = await runCommand(noting(program, done) as Group, args, screen);
  return { out: out.join(''), error: error.join(''), code, done };
};

/** The reference: the same commands, built and run by commander. */
const theirs = async (args: readonly string[]): Promise<Outcome> => {
  const outcome = { out: '', error: '', code: 0, done: [] as unknown[] };
  const build = (command: Command): Commander => {
    const built = new Commander(command.name).description(command.text).exitOverride();
    built.configureOutput({
      writeOut: (text) => {
        outcome.out += text;
      },
      writeErr: (text) => {
        outcome.error += text;
      },
      getOutHelpWidth: () => COLUMNS,
      getErrHelpWidth: () => COLUMNS,
    });
    if (command.hint !== undefined) built.showHelpAfterError(command.hint);
    if ('commands' in command) {
      if (command.version !== undefined) built.version(command.version);
      for (const below of command.commands) built.addCommand(build(below));
      return built;
    }
    const { name, operand, options } = command;
    for (const { flags, text, choices, read } of options) {
      const option = new Option(flags, text);
      if (choices !== undefined) option.choices([...choices]);
      if (read !== undefined) option.argParser((value: string) => refusing(() => read(value)));
      built.addOption(option);
    }
    if (operand === undefined) return built.action((flags) => void outcome.done.push(name, '', flags));
    built.argument(`<${operand.name}>`, operand.text);
    return built.action((word, flags) => void outcome.done.push(name, word, flags));
  };
  try {
    await build(program).parseAsync(['node', 'myrmex', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    outcome.code = error.exitCode === 0 ? 0 : 2;
  }
  return outcome;
};

const refusing = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
  }
};

const program = programOf('1.2.3', async () => {});

const compare = async (...args: string[]): Promise<Outcome> => {
  const outcome = await ours(args);
  assert.equal(outcome, await theirs(args), `myrmex ${args.join(' ')}`);
  return outcome;
};

commandLine('help of everything, in the same words and lines', async () => {
  const everyPath = (command: Command): string[][] =>
    'commands' in command
      ? [[], ...command.commands.flatMap((below) => everyPath(below).map((path) => [below.name, ...path]))]
      : [[]];
  for (const path of everyPath(program)) {
    assert.match((await compare(...path, '--help')).out, `Usage: ${['myrmex', ...path].join(' ')} [options]`);
    await compare('help', ...path);
    if (path.length === 2) await compare(path[0]!, 'help', path[1]!);
  }
});

commandLine('flags and operands', async () => {
  const { done } = await compare('run', '--seed', '7', '--label-rate=0.5', '--segments', 'a,b', '--json');
  assert.equal(done, ['run', '', { seed: 7, labelRate: 0.5, segments: ['a', 'b'], json: true }]);
  assert.equal((await compare('state', 'import', '--replace', '--', '-x')).done, ['import', '-x', { replace: true }]);
  assert.equal((await compare('state', 'export', '-')).done, ['export', '-', {}]);
});

commandLine('what is wrong is said, and ends with 2', async () => {
  const wrong: readonly (readonly [RegExp, ...string[]])[] = [
    [/^Usage: myrmex /],
    [/^Usage: myrmex state /, 'state'],
    [/unknown command 'ruin'\n\(Did you mean run\?\)\n\(myrmex run --help says more\)/, 'ruin'],
    [/unknown option '--speeed'\n\(Did you mean --speed\?\)/, 'run', '--speeed', '3'],
    [/Did you mean one of --model, --node/, 'run', '--mode'],
    [/argument missing/, 'run', '--port'],
    [/'-5' is invalid. It must be a whole number/, 'run', '--port', '-5'],
    [/Allowed choices are wasm, native/, 'run', '--engine', 'steam'],
    [/too many arguments for 'run'. Expected 0 arguments but got 1/, 'run', 'away'],
    [/missing required argument 'file'/, 'config', 'check'],
  ];
  for (const [said, ...args] of wrong) {
    const { error, code } = await compare(...args);
    assert.match(error, said);
    assert.is(code, 2);
  }
});

const WORDS = ['run', 'config', 'check', 'state', 'import', 'help', 'doctor', 'a.json', '-', '5', 'max', '30s'];
const OPTIONS = ['--help', '-h', '-V', '--version', '--json', '--json=1', '--port', '--port=1', '--no-json', '-x'];
const MISTYPED = ['--prot', '--config', '--config=', '--replac', 'imprt', 'dotcor', '--speed', '--nothing-like-it'];

commandLine('whatever is typed', async () => {
  const args = fc.array(fc.constantFrom(...WORDS, ...OPTIONS, ...MISTYPED), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(args, async (words) => void (await compare(...words))),
    { numRuns: 500 },
  );
});

commandLine.run();
