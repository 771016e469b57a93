import { type Group, verb } from './command/command.ts';

const file = { name: 'file', text: 'configuration (JSON)' };
const config = { flags: '--config <file>', text: "configuration (JSON); the demonstration's when left out" };

/** `myrmex config check|print|schema`; what they do is loaded when asked for. */
export const configCommand: Group = {
  name: 'config',
  text: 'check, print or describe a configuration',
  commands: [
    verb({
      name: 'check',
      text: 'check a configuration, the environment over it, and its model, as a start would; start nothing',
      operand: file,
      options: [],
      act: async (_flags, path) => (await import('./cli-config-check.ts')).checkConfigurationFile(path),
    }),
    verb<{ config?: string }>({
      name: 'print',
      text: 'print the configuration that would run, with the environment over it and secrets masked',
      options: [config],
      act: async (flags) => (await import('./cli-config-print.ts')).printConfiguration(flags.config),
    }),
    verb({
      name: 'schema',
      text: 'print the JSON Schema of the configuration, for editors ("$schema": "./myrmex.schema.json")',
      options: [],
      act: async () => (await import('./cli-config-print.ts')).printSchema(),
    }),
  ],
};
