import type { StateFlags } from './cli-state-flags.ts';
import { type Group, verb } from './command/command.ts';

const which = [
  { flags: '--config <file>', text: 'configuration (JSON) of the gateway whose state is meant' },
  { flags: '--state <directory>', text: 'where it is kept' },
];

/** `myrmex state export|import|reset`; what they do is loaded when asked for. */
export const stateCommand: Group = {
  name: 'state',
  text: 'keep, move or forget what a gateway has learned; stop it first',
  commands: [
    verb<StateFlags>({
      name: 'export',
      text: 'write everything learned into one file',
      operand: { name: 'file', text: 'where to; - is standard output' },
      options: which,
      act: async (flags, file) => (await import('./cli-state-verbs.ts')).exportState(file, flags),
    }),
    verb<StateFlags & { replace?: true }>({
      name: 'import',
      text: 'go on from what another gateway has exported, in the place of one that is dead',
      operand: { name: 'file', text: 'what was exported' },
      options: [...which, { flags: '--replace', text: 'also where something was learned before, which is lost' }],
      act: async (flags, file) => (await import('./cli-state-verbs.ts')).importState(file, flags),
    }),
    verb<StateFlags & { yes?: true }>({
      name: 'reset',
      text: 'forget everything learned: the next start begins with the model as it was trained',
      options: [...which, { flags: '--yes', text: 'without this, it is only said what would be lost' }],
      act: async (flags) => (await import('./cli-state-verbs.ts')).reset(flags),
    }),
  ],
};
