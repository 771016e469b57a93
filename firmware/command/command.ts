/** A flag of a command. */
export interface Option {
  /** As help shows it: `--json`, or `--port <number>` when a value belongs to it. */
  readonly flags: string;
  readonly text: string;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** What a value means; the text itself when left out. @throws UsageError a sentence that says what it must be */
  readonly read?: (text: string) => unknown;
}

/** A command that does something. */
export interface Verb {
  readonly name: string;
  readonly text: string;
  /** A word that must follow it. */
  readonly operand?: { readonly name: string; readonly text: string };
  readonly options: readonly Option[];
  /** Said after what is wrong with the command line. */
  readonly hint?: string;
  /** @param flags the options that were given: `labelRate` for `--label-rate`; true for one without a value */
  readonly act: (flags: Flags, operand: string) => Promise<void>;
}

/** A command that has others below it. */
export interface Group {
  readonly name: string;
  readonly text: string;
  readonly commands: readonly Command[];
  /** Answers `--version`. */
  readonly version?: string;
  readonly hint?: string;
}

export type Command = Verb | Group;

export type Flags = Readonly<Record<string, unknown>>;

/** The command line asks for what is not there, or cannot be. */
export class UsageError extends Error {}

/** `--port` of `--port <number>`. */
export const flagOf = ({ flags }: Option): string => flags.split(' ', 1)[0]!;

/** Whether a value belongs to the flag. */
export const takesValue = ({ flags }: Option): boolean => flags.includes(' ');

/**
 * A verb whose action names the flags that it takes.
 *
 * @typeParam F shape of the flags, which the options must agree with: `read` makes what stands there
 */
export const verb = <F>(shape: Omit<Verb, 'act'> & { act: (flags: F, operand: string) => Promise<void> }): Verb => ({
  ...shape,
  act: (flags, operand) => shape.act(flags as F, operand),
});
