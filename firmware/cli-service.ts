import { type Group, verb } from './command/command.ts';

/** `myrmex service unit`; what it does is loaded when asked for. */
export const serviceCommand: Group = {
  name: 'service',
  text: 'run as a service of the system',
  commands: [
    verb<{ config?: string }>({
      name: 'unit',
      text: 'print a systemd unit for this installation',
      options: [{ flags: '--config <file>', text: "configuration (JSON); the demonstration's when left out" }],
      act: async ({ config }) => (await import('./cli-service-unit.ts')).printUnit(config),
    }),
  ],
};
