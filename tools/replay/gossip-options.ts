import type { DefenceName } from '../../protocols/robust/defence.ts';
import type { AttackName } from '../mesh/attacks.ts';

/** How the nodes of a recording share what they learn; apart from the code that does it, for the command line. */
export interface ReplayGossip {
  /** Windows of each node between two cycles of gossip. */
  readonly everyWindows: number;
  readonly defence: DefenceName;
  /** Share of the nodes that lie, and how; they are not scored. */
  readonly liars: { readonly share: number; readonly attack: AttackName } | null;
}

/**
 * Of 24 nodes a cycle takes 3.4 messages a node, and acknowledgements. With 20 windows of har between cycles that is
 * 1/52 of the bytes of `fedavg`, which sends all weights after each 10 windows.
 */
export const GOSSIP_EVERY_WINDOWS = 20;
