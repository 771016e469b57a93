#!/usr/bin/env node
// myrmexctl: what an operator runs at a desk.
import { Command } from 'commander';
import { neverExit, usageExitCode } from '../firmware/cli.ts';
import { version } from '../package.json';
import { adapterCommand } from './commands/adapter.ts';
import { brokerCommand } from './commands/broker.ts';
import { fleetCommand } from './commands/fleet.ts';
import { inspectCommand } from './commands/inspect.ts';
import { labelCommand } from './commands/label.ts';
import { meshCommand } from './commands/mesh.ts';
import { modelCommand } from './commands/model.ts';
import { recordCommand } from './commands/record.ts';
import { replayCommand } from './commands/replay.ts';
import { simCommand } from './commands/sim.ts';
import { trainCommand } from './commands/train.ts';
import { watchCommand } from './commands/watch.ts';
import { describeFailure } from './errors.ts';

const program = new Command('myrmexctl')
  .description("operator's tool of Myrmex, the learning software for edge gateways")
  .version(version)
  .showHelpAfterError('(myrmexctl COMMAND --help says more)')
  .addCommand(trainCommand())
  .addCommand(replayCommand())
  .addCommand(recordCommand())
  .addCommand(modelCommand())
  .addCommand(adapterCommand())
  .addCommand(watchCommand())
  .addCommand(labelCommand())
  .addCommand(inspectCommand())
  .addCommand(simCommand())
  .addCommand(brokerCommand())
  .addCommand(fleetCommand())
  .addCommand(meshCommand());

neverExit(program);

// Not awaited here: in the bundle, chunks that are loaded later import this one, and would wait for it for ever.
program.parseAsync().catch((error: unknown) => {
  const usage = usageExitCode(error);
  if (usage !== null) {
    process.exitCode = usage;
    return;
  }
  const { message, exitCode } = describeFailure(error);
  process.stderr.write(`myrmexctl: ${message}\n`);
  process.exitCode = exitCode;
});
