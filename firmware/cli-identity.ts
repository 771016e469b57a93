import { verb } from './command/command.ts';

/** `myrmex identity`; what it does is loaded when asked for. */
export const identityCommand = verb<{ config?: string; folder?: string }>({
  name: 'identity',
  text: 'print what the operator needs to enrol this gateway; its keys are made if there are none',
  options: [
    { flags: '--config <file>', text: 'configuration (JSON) of the gateway' },
    { flags: '--folder <directory>', text: 'where the keys lie; below the state of the gateway when left out' },
  ],
  act: async (flags) => (await import('./cli-identity-print.ts')).printIdentity(flags),
});
