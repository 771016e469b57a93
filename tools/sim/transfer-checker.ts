import type { Lane } from '../../protocols/gossip/lanes.ts';
import { type GossipBody, readGossip } from '../../protocols/messages/gossip.ts';
import type { MeshNode } from './mesh-node.ts';

/** Watches single transfers: none is applied twice, and none that is older than the bound. */
export class TransferChecker {
  /** The first few findings. */
  readonly twice: string[] = [];
  readonly stale: string[] = [];
  applications = 0;
  /** The last cycle in which a transfer was said, by edge and number. */
  private readonly saidIn = new Map<string, number>();
  /** The last transfer that was applied, by edge. */
  private readonly lastOf = new Map<string, number>();
  private readonly stalenessCycles: number;

  constructor(stalenessCycles: number) {
    this.stalenessCycles = stalenessCycles;
  }

  sent(from: MeshNode, to: string, body: GossipBody): void {
    const { lane, upTo, base, cycle } = readGossip(body);
    if (upTo > base) this.saidIn.set(`${from.name} ${from.generation} ${to} ${lane} ${upTo}`, cycle);
  }

  /** A machine is about to mix a value: its ledger names the transfer. */
  applied(node: MeshNode, lane: Lane, peer: string): void {
    const { holdings, membership, cycle } = node.machine;
    const at = holdings.lanes.indexOf(lane);
    const number = holdings.masses[at]!.appliedFrom(peer);
    const generation = membership.generationOf(peer);
    const edge = `${peer} ${generation} ${node.name} ${node.generation} ${at}`;
    const said = this.saidIn.get(`${peer} ${generation} ${node.name} ${at} ${number}`) ?? Number.NEGATIVE_INFINITY;
    this.applications += 1;
    if (number <= (this.lastOf.get(edge) ?? 0)) note(this.twice, `${edge}: transfer ${number}`);
    if (cycle - said > this.stalenessCycles) note(this.stale, `${edge}: transfer ${number} of ${said} in ${cycle}`);
    this.lastOf.set(edge, number);
  }
}

/** Keeps a few: the first is what a person looks at. */
export function note(findings: string[], finding: string): void {
  if (findings.length < 8) findings.push(finding);
}
