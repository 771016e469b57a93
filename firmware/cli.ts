import { configCommand } from './cli-config.ts';
import { doctorCommand } from './cli-doctor.ts';
import { identityCommand } from './cli-identity.ts';
import { HINT, type RunFlags, runVerb } from './cli-run-flags.ts';
import { serviceCommand } from './cli-service.ts';
import { stateCommand } from './cli-state.ts';
import type { Group } from './command/command.ts';

/** The command line of the node. @param run starts it */
export const programOf = (version: string, run: (flags: RunFlags) => Promise<void>): Group => ({
  name: 'myrmex',
  text: 'learning software for edge gateways: decides on a sensor stream and keeps its model right',
  version,
  hint: HINT,
  commands: [runVerb(run), configCommand, serviceCommand, doctorCommand, identityCommand, stateCommand],
});
