import { Command } from 'commander';

/** `myrmex identity`; what it does is loaded when asked for. */
export const identityCommand = (): Command =>
  new Command('identity')
    .description('print what the operator needs to enrol this gateway; its keys are made if there are none')
    .option('--config <file>', 'configuration (JSON) of the gateway')
    .option('--folder <directory>', 'where the keys lie; below the state of the gateway when left out')
    .action(async (flags: { config?: string; folder?: string }) =>
      (await import('./cli-identity-print.ts')).printIdentity(flags),
    );
