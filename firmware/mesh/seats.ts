import { isWaiting, levelMachines } from '../../protocols/gossip/bridge.ts';
import type { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';

/**
 * The gossip machines of one gateway: that of its own site, and for a bridge one in each further site. What one of them
 * mixes is levelled with the others at once, so that all have the estimate that the compute worker is given.
 */
export class Seats {
  private readonly machines: Gossip[] = [];

  /** @param machine the first one added is that of the own site */
  add(machine: Gossip): void {
    this.machines.push(machine);
  }

  /** Call it with what each call of a machine wants done. @returns whether θ may have changed by others' doing */
  mixed(effects: readonly GossipEffect[]): boolean {
    const isMixed = effects.some(({ kind }) => kind === 'mixed');
    if (this.machines.length < 2) return isMixed;
    const wasWaiting = isWaiting(this.machines);
    if (!isMixed && !wasWaiting) return false;
    levelMachines(this.machines);
    return isMixed || !isWaiting(this.machines);
  }
}
