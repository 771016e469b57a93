import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Codec } from '../../protocols/codec.ts';
import type { AgentState } from '../../protocols/coordinator/agent.ts';
import type { CoordinatorState } from '../../protocols/coordinator/coordinator.ts';
import {
  decodeAgentState,
  decodeCoordinatorState,
  encodeAgentState,
  encodeCoordinatorState,
  STATE_BYTES_MAX,
  type StateOwner,
} from '../../protocols/coordinator/state.ts';
import { NodeError } from '../errors.ts';
import { readIfThere, writeWhole } from './files.ts';

/** What the agent and the coordinator of a star remember: a file each beside what was learned. */
export interface StarFiles {
  /** null when there is none. @throws NodeError `starState`: nothing is begun anew by accident */
  loadAgent(): Promise<AgentState | null>;
  loadCoordinator(): Promise<CoordinatorState | null>;
  /** After a power cut there is the old one or the new one. @throws NodeError `fileUnwritable` */
  saveAgent(state: AgentState): Promise<void>;
  saveCoordinator(state: CoordinatorState): Promise<void>;
  /** 1 to 2^32 - 1, at random. */
  newLife(): number;
}

/** @param directory of the node's state; what belongs to another model stays there, neither read nor deleted */
export const openStarFiles = (directory: string, owner: StateOwner, codec: Codec): StarFiles => {
  const { lineage } = owner;
  const [agent, coordinator] = ['agent', 'coordinator'].map((role) => join(directory, `star-${role}-${lineage}.cbor`));
  const load = async <State>(path: string, decode: (bytes: Uint8Array) => State | null): Promise<State | null> => {
    const bytes = await readIfThere(path, 'state of a star', STATE_BYTES_MAX);
    if (bytes === null) return null;
    const state = decode(bytes);
    if (state !== null) return state;
    const mend = 'restore it, or take it away to begin anew: what it had told is then not told again';
    throw new NodeError('starState', `${path} is damaged or of newer software; ${mend}`);
  };
  return {
    loadAgent: () => load(agent!, (bytes) => decodeAgentState(codec, owner, bytes)),
    loadCoordinator: () => load(coordinator!, (bytes) => decodeCoordinatorState(codec, owner, bytes)),
    saveAgent: (state) => writeWhole(agent!, encodeAgentState(codec, lineage, state)),
    saveCoordinator: (state) => writeWhole(coordinator!, encodeCoordinatorState(codec, lineage, state)),
    newLife: () => randomInt(1, 2 ** 32),
  };
};
