import { type Command, flagOf, type Group, UsageError, type Verb } from './command.ts';
import { helpOf } from './help.ts';
import { readOptions } from './options.ts';
import { suggestion } from './suggestion.ts';

/** Where help and complaints go. */
export interface Screen {
  readonly columns: number;
  out(text: string): void;
  error(text: string): void;
}

/** 2 tells scripts that nothing was tried; what was tried says for itself how it ended. */
export type ExitCode = 0 | 2;

/**
 * Does what a command line says, in commander's words where it says what cannot be done.
 *
 * @param args without the program
 * @throws what the command throws
 */
export const runCommand = (root: Group, args: readonly string[], screen: Screen): Promise<ExitCode> =>
  root.version !== undefined && asks(args, '-V', '--version')
    ? answer(screen, `${root.version}\n`)
    : runAt(root.name, root, args, screen);

const runAt = async (path: string, command: Command, args: readonly string[], screen: Screen): Promise<ExitCode> => {
  try {
    return 'commands' in command
      ? await runGroup(path, command, args, screen)
      : await runVerb(path, command, args, screen);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const hint = command.hint === undefined ? '' : `${command.hint}\n`;
    screen.error(`error: ${error.message}\n${hint}`);
    return 2;
  }
};

const runGroup = async (path: string, group: Group, args: readonly string[], screen: Screen): Promise<ExitCode> => {
  const [word = '', ...rest] = args;
  const find = (name: string | undefined): Command | undefined => group.commands.find((below) => below.name === name);
  const found = find(word);
  if (found !== undefined) return runAt(`${path} ${word}`, found, rest, screen);
  const help = helpOf(path, group, screen.columns);
  if (word === 'help') {
    const about = find(rest[0]);
    if (about !== undefined) return answer(screen, helpOf(`${path} ${about.name}`, about, screen.columns));
    if (rest.length === 0 || isOption(rest[0]!)) return answer(screen, help);
  } else {
    if (asks(args, '-h', '--help')) return answer(screen, help);
    if (isOption(word)) throw unknownOption(word, []);
    const names = [...group.commands.map(({ name }) => name), 'help'];
    if (word !== '') throw new UsageError(`unknown command '${word}'${suggestion(word, names)}`);
  }
  screen.error(help);
  return 2;
};

const runVerb = async (path: string, verb: Verb, args: readonly string[], screen: Screen): Promise<ExitCode> => {
  const { flags, operands, unknown } = readOptions(verb.options, args);
  if (unknown.some((word) => word === '-h' || word === '--help')) {
    return answer(screen, helpOf(path, verb, screen.columns));
  }
  const [stray] = unknown;
  if (stray !== undefined) throw unknownOption(stray, verb.options.map(flagOf));
  const wanted = verb.operand === undefined ? 0 : 1;
  if (operands.length < wanted) throw new UsageError(`missing required argument '${verb.operand?.name}'`);
  if (operands.length > wanted) {
    const expected = `Expected ${wanted} argument${wanted === 1 ? '' : 's'} but got ${operands.length}`;
    throw new UsageError(`too many arguments for '${verb.name}'. ${expected}.`);
  }
  await verb.act(flags, operands[0] ?? '');
  return 0;
};

const unknownOption = (word: string, flags: readonly string[]): UsageError => {
  const hint = word.startsWith('--') ? suggestion(word, [...flags, '--help', '--version']) : '';
  return new UsageError(`unknown option '${word}'${hint}`);
};

const isOption = (word: string): boolean => word.length > 1 && word.startsWith('-');

const asks = (args: readonly string[], ...names: readonly string[]): boolean => {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((word) => names.includes(word));
};

const answer = async (screen: Screen, text: string): Promise<ExitCode> => {
  screen.out(text);
  return 0;
};
