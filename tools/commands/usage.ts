import { type Command, CommanderError } from 'commander';

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
