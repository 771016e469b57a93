#!/usr/bin/env node
// myrmex: the node, what is flashed.
import { version } from '../package.json';
import { createProgram, neverExit, usageExitCode } from './cli.ts';
import { configCommand } from './cli-config.ts';
import { doctorCommand } from './cli-doctor.ts';
import { identityCommand } from './cli-identity.ts';
import { serviceCommand } from './cli-service.ts';
import { stateCommand } from './cli-state.ts';
import { errorMessage } from './errors.ts';
import { keepHeapSmall } from './io/v8.ts';

keepHeapSmall();

const program = createProgram(async (flags) => {
  const { run } = await import('./cli-run.ts');
  await run(flags, version);
})
  .addCommand(configCommand())
  .addCommand(serviceCommand())
  .addCommand(doctorCommand())
  .addCommand(identityCommand())
  .addCommand(stateCommand());
neverExit(program);

// Not awaited here: in the bundle, chunks that are loaded later import this one, and would wait for it for ever.
program.parseAsync().catch((error: unknown) => {
  const usage = usageExitCode(error);
  // Commander has said what is wrong with the command line; everything else is said here, in one line.
  if (usage === null) process.stderr.write(`myrmex: ${errorMessage(error).replace(/\s*\n\s*/g, '; ')}\n`);
  process.exitCode = usage ?? 1;
});
