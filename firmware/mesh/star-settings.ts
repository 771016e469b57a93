import { LIMITS } from '../../protocols/limits.ts';
import type { DefenceName } from '../../protocols/robust/defence.ts';
import { MESH_DEFAULTS, type Mesh } from '../configuration/mesh.ts';
import { NodeError } from '../errors.ts';
import type { ShareShape } from '../worker/share-memory.ts';

/** What a star is run with. */
export interface StarSettings {
  readonly coordinator: string;
  readonly periodMs: number;
  readonly defence: DefenceName;
  readonly agentsMin: number;
  readonly labelsMin: number;
  readonly gainMin: number;
  readonly hurtMax: number;
}

/** @throws NodeError `shareTooLarge` when what this model shares does not fit one message */
export const starSettings = (configuration: Mesh, coordinator: string, { size }: ShareShape): StarSettings => {
  if (size > LIMITS.binaryBytesMax) {
    const mend = 'take "coordinator" out of "mesh": gossip splits them';
    throw new NodeError('shareTooLarge', `${size} shared parameters are more than one message holds; ${mend}`);
  }
  const { everySeconds = MESH_DEFAULTS.everySeconds, defence = MESH_DEFAULTS.defence } = configuration;
  const { agentsMin, labelsMin, gainNatsMin, hurtNatsMax } = { ...MESH_DEFAULTS.star, ...configuration.star };
  const rules = { agentsMin, labelsMin, gainMin: gainNatsMin, hurtMax: hurtNatsMax };
  return { coordinator, periodMs: everySeconds * 1_000, defence, ...rules };
};
