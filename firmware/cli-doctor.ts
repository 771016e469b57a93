import { Command } from 'commander';

/** `myrmex doctor`; what it does is loaded when asked for. */
export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('look at everything that a first day goes wrong with, and say how to mend it')
    .option('--config <file>', "configuration (JSON); the demonstration's when left out")
    .option('--json', 'print one JSON object')
    .action(async ({ config, json }: { config?: string; json?: true }) =>
      (await import('./cli-doctor-print.ts')).printExamination(config, json === true),
    );
