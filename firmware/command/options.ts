import { parseArgs } from 'node:util';
import { type Flags, flagOf, type Option, takesValue, UsageError } from './command.ts';

export interface Words {
  readonly flags: Flags;
  readonly operands: readonly string[];
  /** Options that the command does not have, as they were written. */
  readonly unknown: readonly string[];
}

/**
 * The words after a verb, told apart. An option that wants a value takes the next word, whatever it looks like.
 *
 * @throws UsageError a value is missing, or cannot be
 */
export const readOptions = (options: readonly Option[], args: readonly string[]): Words => {
  const [flags, operands, unknown]: [Record<string, unknown>, string[], string[]] = [{}, [], []];
  const types = options.map((option) => [flagOf(option).slice(2), { type: typeOf(option) }] as const);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = options.find((known) => flagOf(known) === token.rawName);
    const inline = token.inlineValue === true ? `=${token.value}` : '';
    if (option === undefined || (inline !== '' && !takesValue(option))) unknown.push(token.rawName + inline);
    else flags[camel(token.name)] = takesValue(option) ? meaningOf(option, token.value) : true;
  }
  return { flags, operands, unknown };
};

const typeOf = (option: Option): 'string' | 'boolean' => (takesValue(option) ? 'string' : 'boolean');

const meaningOf = ({ flags, choices, read }: Option, value: string | undefined): unknown => {
  if (value === undefined) throw new UsageError(`option '${flags}' argument missing`);
  const refuse = (why: string): UsageError =>
    new UsageError(`option '${flags}' argument '${value}' is invalid. ${why}`);
  if (choices?.includes(value) === false) throw refuse(`Allowed choices are ${choices.join(', ')}.`);
  try {
    return read === undefined ? value : read(value);
  } catch (error) {
    throw error instanceof UsageError ? refuse(error.message) : error;
  }
};

const camel = (name: string): string => name.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
