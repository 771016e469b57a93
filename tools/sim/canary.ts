import type { Gossip } from '../../protocols/gossip/gossip.ts';
import type { CanaryName } from './mesh-options.ts';

/** Breaks a bridge after its machines were levelled: it keeps what it gave the other site. */
export function breakBridge(machines: readonly Gossip[], canary: CanaryName): void {
  if (canary !== 'bridgeKeeps') return;
  for (const mass of machines[0]!.holdings.masses) {
    mass.grains *= machines.length;
    for (let d = 0; d < mass.sum.length; d++) mass.sum[d] = mass.sum[d]! * machines.length;
  }
}

/** Breaks a machine after each message from a peer, so that a test of the checkers can fail. */
export function breakMachine(machine: Gossip, canary: CanaryName, peer: string): void {
  for (const mass of machine.holdings.masses) {
    // Without its ledger the receiver takes a repeated or duplicated message for a new one.
    if (canary === 'appliesTwice') mass.ledgers.incoming.delete(peer);
    // Without its ledger the sender never repeats what was lost.
    if (canary === 'losesShare') mass.ledgers.outgoing.delete(peer);
  }
}
