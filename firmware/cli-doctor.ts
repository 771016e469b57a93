import { verb } from './command/command.ts';

/** `myrmex doctor`; what it does is loaded when asked for. */
export const doctorCommand = verb<{ config?: string; json?: true }>({
  name: 'doctor',
  text: 'look at everything that a first day goes wrong with, and say how to mend it',
  options: [
    { flags: '--config <file>', text: "configuration (JSON); the demonstration's when left out" },
    { flags: '--json', text: 'print one JSON object' },
  ],
  act: async ({ config, json }) => (await import('./cli-doctor-print.ts')).printExamination(config, json === true),
});
