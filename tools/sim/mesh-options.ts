import type { Precision } from '../../protocols/gossip/quantiser.ts';
import type { DefenceName } from '../../protocols/robust/defence.ts';
import type { AttackName } from '../mesh/attacks.ts';

/** Machines that are broken on purpose: the checkers must find each. */
export const CANARY_NAMES = ['appliesTwice', 'losesShare', 'ignoresStaleness'] as const;
export type CanaryName = (typeof CANARY_NAMES)[number];

export interface MeshOptions {
  readonly nodes: number;
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
  /** Share of the nodes that crash once; every second one loses its disk as well. */
  readonly churn: number;
  /** Share of the nodes whose clock jumps once, by up to an hour either way. */
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
