import type { Part } from '../../protocols/gossip/lanes.ts';
import type { Precision } from '../../protocols/gossip/quantiser.ts';
import type { DefenceName } from '../../protocols/robust/defence.ts';
import type { AttackName } from '../mesh/attacks.ts';

/** Machines that are broken on purpose: the checkers must find each. */
export const CANARY_NAMES = ['appliesTwice', 'losesShare', 'ignoresStaleness', 'bridgeKeeps'] as const;
export type CanaryName = (typeof CANARY_NAMES)[number];

export interface MeshOptions {
  /** Gateways of each site. */
  readonly nodes: number;
  /** In a chain: each is joined to the next. */
  readonly sites: number;
  /** Gateways that join two sites. */
  readonly bridges: number;
  /** Rounds of the schedule; whole cycles are run. */
  readonly rounds: number;
  /** D: length of what is averaged. */
  readonly parameters: number;
  /** Parameters of one message; more are split over cycles. */
  readonly valuesMax: number;
  readonly precision: Precision;
  readonly loss: number;
  readonly duplicates: number;
  readonly latencyMs: readonly [number, number];
  /** Share of the gateways that crash once; every second one loses its disk as well. */
  readonly churn: number;
  /** Share of the gateways whose clock jumps once, by up to an hour either way. */
  readonly clockJumps: number;
  /** Times that the fleet is split in two for a while. */
  readonly partitions: number;
  /** How long the broker is away in the middle, ms of virtual time. */
  readonly cutMs: number;
  readonly liars: number;
  readonly attack: AttackName;
  readonly defence: DefenceName;
  readonly seed: number;
  readonly canary: CanaryName | null;
}

export const MESH_DEFAULTS: MeshOptions = {
  nodes: 64,
  sites: 1,
  bridges: 1,
  rounds: 200,
  parameters: 32,
  valuesMax: 600,
  precision: 'int8',
  loss: 0,
  duplicates: 0.05,
  latencyMs: [2, 40],
  churn: 0,
  clockJumps: 0,
  partitions: 0,
  cutMs: 0,
  liars: 0,
  attack: 'signFlip',
  defence: 'none',
  seed: 0,
  canary: null,
};

/** Four scales at most: what an adapter's factors and biases would have. */
export function partsOf(parameters: number): readonly Part[] {
  const length = Math.ceil(parameters / 4);
  const parts: Part[] = [];
  for (let offset = 0; offset < parameters; offset += length) {
    parts.push({ offset, length: Math.min(length, parameters - offset) });
  }
  return parts;
}
