#!/usr/bin/env node
// myrmex: the node, what is flashed.
import { version } from '../package.json';
import { programOf } from './cli.ts';
import { runCommand } from './command/run.ts';
import { errorMessage } from './errors.ts';
import { keepHeapSmall } from './io/small-heap.ts';

keepHeapSmall();

const program = programOf(version, async (flags) => {
  const { run } = await import('./cli-run.ts');
  await run(flags, version);
});
const screen = {
  columns: (process.stdout.isTTY ? process.stdout.columns : undefined) ?? 80,
  out: (text: string) => process.stdout.write(text),
  error: (text: string) => process.stderr.write(text),
};

// Not awaited here: in the bundle, chunks that are loaded later import this one, and would wait for it for ever.
runCommand(program, process.argv.slice(2), screen)
  .then((code) => {
    // A command that was done has left its own.
    if (code !== 0) process.exitCode = code;
  })
  .catch((error: unknown) => {
    process.stderr.write(`myrmex: ${errorMessage(error).replace(/\s*\n\s*/g, '; ')}\n`);
    process.exitCode = 1;
  });
