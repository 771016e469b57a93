import type { Lane } from '../../protocols/gossip/lanes.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { type GossipBody, readGossip } from '../../protocols/messages/gossip.ts';
import type { MeshNode } from './mesh-node.ts';

/** Watches single transfers: none is applied twice, and no message is taken that is older than the bound. */
export class TransferChecker {
  /** The first few findings. */
  readonly twice: string[] = [];
  readonly stale: string[] = [];
  applications = 0;
  /** The last transfer that was applied, by edge. */
  private readonly lastOf = new Map<string, number>();
  private readonly stalenessCycles: number;

  constructor(stalenessCycles: number) {
    this.stalenessCycles = stalenessCycles;
  }

  /** A machine was given a message, when it was in `cycle`, and this is what it made of it. */
  received(node: MeshNode, cycle: number, body: GossipBody, effects: readonly GossipEffect[]): void {
    const { cycle: said } = readGossip(body);
    if (cycle - said <= this.stalenessCycles || effects.some(({ kind }) => kind === 'refused')) return;
    note(this.stale, `${node.name} in cycle ${cycle} took a message of cycle ${said}`);
  }

  /** A machine is about to mix a value: its ledger names the transfer. */
  applied(node: MeshNode, lane: Lane, peer: string): void {
    const { holdings, membership } = node.machine;
    const at = holdings.lanes.indexOf(lane);
    const number = holdings.masses[at]!.ledgers.from(peer).upTo;
    const generation = membership.generationOf(peer);
    const edge = `${peer} ${generation} ${node.name} ${node.generation} ${at}`;
    this.applications += 1;
    if (number <= (this.lastOf.get(edge) ?? 0)) note(this.twice, `${edge}: transfer ${number}`);
    this.lastOf.set(edge, number);
  }
}

/** Keeps a few: the first is what a person looks at. */
export function note(findings: string[], finding: string): void {
  if (findings.length < 8) findings.push(finding);
}
