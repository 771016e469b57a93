import { Command } from 'commander';
import type { StateFlags } from './cli-state-flags.ts';

/** `myrmex state export|import|reset`; what they do is loaded when asked for. */
export const stateCommand = (): Command => {
  const command = new Command('state').description('keep, move or forget what a gateway has learned; stop it first');
  const verb = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration (JSON) of the gateway whose state is meant')
      .option('--state <directory>', 'where it is kept');
  verb('export', 'write everything learned into one file')
    .argument('<file>', 'where to; - is standard output')
    .action(async (file: string, flags: StateFlags) => (await import('./cli-state-verbs.ts')).exportState(file, flags));
  verb('import', 'go on from what another gateway has exported, in the place of one that is dead')
    .argument('<file>', 'what was exported')
    .option('--replace', 'also where something was learned before, which is lost')
    .action(async (file: string, flags: StateFlags & { replace?: true }) =>
      (await import('./cli-state-verbs.ts')).importState(file, flags),
    );
  verb('reset', 'forget everything learned: the next start begins with the model as it was trained')
    .option('--yes', 'without this, it is only said what would be lost')
    .action(async (flags: StateFlags & { yes?: true }) => (await import('./cli-state-verbs.ts')).reset(flags));
  return command;
};
