import { Command } from 'commander';

/** `myrmex config check|print|schema`; what they do is loaded when asked for. */
export const configCommand = (): Command => {
  const command = new Command('config').description('check, print or describe a configuration');
  command
    .command('check')
    .description('check a configuration, the environment over it, and its model, as a start would; start nothing')
    .argument('<file>', 'configuration (JSON)')
    .action(async (file: string) => (await import('./cli-config-check.ts')).checkConfigurationFile(file));
  command
    .command('print')
    .description('print the configuration that would run, with the environment over it and secrets masked')
    .option('--config <file>', "configuration (JSON); the demonstration's when left out")
    .action(async ({ config }: { config?: string }) =>
      (await import('./cli-config-print.ts')).printConfiguration(config),
    );
  command
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors ("$schema": "./myrmex.schema.json")')
    .action(async () => (await import('./cli-config-print.ts')).printSchema());
  return command;
};
