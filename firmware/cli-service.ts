import { Command } from 'commander';

/** `myrmex service unit`; what it does is loaded when asked for. */
export const serviceCommand = (): Command => {
  const command = new Command('service').description('run as a service of the system');
  command
    .command('unit')
    .description('print a systemd unit for this installation')
    .option('--config <file>', "configuration (JSON); the demonstration's when left out")
    .action(async ({ config }: { config?: string }) => (await import('./cli-service-unit.ts')).printUnit(config));
  return command;
};
