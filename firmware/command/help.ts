import type { Command, Option } from './command.ts';

/** Below it, text is not broken into lines. */
const WRAP_COLUMNS_MIN = 40;

type Row = readonly [term: string, text: string];

const HELP_OPTION: Row = ['-h, --help', 'display help for command'];
const HELP_COMMAND: Row = ['help [command]', 'display help for command'];
const VERSION_OPTION: Row = ['-V, --version', 'output the version number'];

/**
 * What `--help` says, laid out as commander 14 does it (its lib/help.js), which myrmexctl uses.
 *
 * @param path the command with those above it: `myrmex config check`
 * @param columns of the terminal
 */
export const helpOf = (path: string, command: Command, columns: number): string => {
  const { operands, options, commands } = rowsOf(command);
  const pad = Math.max(...[...operands, ...options, ...commands].map(([term]) => term.length));
  const section = (title: string, rows: readonly Row[]): string => {
    const lines = rows.map(([term, text]) => `  ${term.padEnd(pad)}  ${wrapped(text, columns - pad - 4, pad + 4)}\n`);
    return rows.length === 0 ? '' : `\n${title}:\n${lines.join('')}`;
  };
  const below = 'commands' in command ? ' [command]' : operandOf(command);
  return [
    `Usage: ${path} [options]${below}\n\n${wrapped(command.text, columns, 0)}\n`,
    section('Arguments', operands),
    section('Options', options),
    section('Commands', commands),
  ].join('');
};

const rowsOf = (command: Command): Record<'operands' | 'options' | 'commands', readonly Row[]> => {
  if ('commands' in command) {
    const commands = [...command.commands.map((below): Row => [termOf(below), below.text]), HELP_COMMAND];
    return { operands: [], options: command.version ? [VERSION_OPTION, HELP_OPTION] : [HELP_OPTION], commands };
  }
  const { operand, options } = command;
  return {
    operands: operand === undefined ? [] : [[operand.name, operand.text]],
    options: [...options.map((option): Row => [option.flags, textOf(option)]), HELP_OPTION],
    commands: [],
  };
};

const termOf = (command: Command): string => {
  if ('commands' in command) return command.name;
  return `${command.name}${command.options.length === 0 ? '' : ' [options]'}${operandOf(command)}`;
};

const operandOf = (command: Command): string =>
  'operand' in command && command.operand !== undefined ? ` <${command.operand.name}>` : '';

const textOf = ({ text, choices }: Option): string => {
  const quoted = choices?.map((choice) => JSON.stringify(choice)).join(', ');
  return quoted === undefined ? text : `${text} (choices: ${quoted})`;
};

/** @param indent spaces before every line but the first */
const wrapped = (text: string, columns: number, indent: number): string => {
  if (columns < WRAP_COLUMNS_MIN) return text;
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= columns) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
};
