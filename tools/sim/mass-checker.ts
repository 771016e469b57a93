import { type Incoming, type Outgoing, readSum } from '../../protocols/gossip/edge.ts';
import type { Part } from '../../protocols/gossip/lanes.ts';
import { GOSSIP_LIMITS } from '../../protocols/gossip/limits.ts';
import type { Mass } from '../../protocols/gossip/mass.ts';
import type { MeshNode } from './mesh-node.ts';

/** Σs and Σw of one lane. */
interface Total {
  readonly sum: Float64Array;
  grains: number;
}

/** How long messages of a life that ended may still be about, in calls of `around`'s clock. */
interface Ended {
  readonly node: MeshNode;
  readonly generation: number;
  readonly until: number;
}

/**
 * Adds up all mass, on nodes and under way, from the ledgers of both ends, and compares it with what was there at the
 * start less what departed with crashed nodes. It shares no arithmetic with the machine but the reading of bytes.
 */
export class MassChecker {
  /** Largest deviation seen of Σs (any coordinate) and of Σw (units). */
  sumError = 0;
  weightError = 0;
  /** Weight that crashes took along, units. */
  departed = 0;
  private readonly nodes: readonly MeshNode[];
  private readonly byName: ReadonlyMap<string, MeshNode>;
  private readonly expected: readonly Total[];
  private readonly now: () => number;
  private readonly lingerMs: number;
  private ended: Ended[] = [];

  constructor(nodes: readonly MeshNode[], now: () => number, lingerMs: number) {
    this.nodes = nodes;
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    this.now = now;
    this.lingerMs = lingerMs;
    this.expected = this.totals();
  }

  /** Σs / Σw as it must be [D]. */
  mean(): Float64Array {
    const { lanes, size } = this.nodes[0]!.machine.holdings;
    const mean = new Float64Array(size);
    for (const [at, { sum, grains }] of this.expected.entries()) {
      const weight = grains / GOSSIP_LIMITS.grainsPerUnit;
      mean.set(
        sum.map((value) => value / weight),
        lanes[at]!.offset,
      );
    }
    return mean;
  }

  /** Compares; call it between events. */
  check(): void {
    for (const [at, { sum, grains }] of this.totals().entries()) {
      const expected = this.expected[at]!;
      const grainsOff = Math.abs(grains - expected.grains);
      this.weightError = Math.max(this.weightError, grainsOff / GOSSIP_LIMITS.grainsPerUnit);
      for (let i = 0; i < sum.length; i++) {
        this.sumError = Math.max(this.sumError, Math.abs(sum[i]! - expected.sum[i]!));
      }
    }
  }

  /** A receiver does not count `weight` of a share, in units: its edge is out of balance. */
  discounts(lane: Part, weight: number): void {
    const at = this.nodes[0]!.machine.holdings.lanes.findIndex(({ offset }) => offset === lane.offset);
    this.expected[at]!.grains -= Math.round(weight * GOSSIP_LIMITS.grainsPerUnit);
  }

  /** A node is about to lose its state: what it holds and has under way is gone; what it was sent returns. */
  departs(node: MeshNode): void {
    for (const [at, mass] of node.machine.holdings.masses.entries()) {
      const gone = this.expected[at]!;
      const before = gone.grains;
      addValues(gone, mass.sum, -1);
      gone.grains -= mass.grains;
      for (const peer of this.nodes) {
        this.addUnderWay(gone, node, peer, at, -1);
        const edge = peer.machine.holdings.masses[at]!.ledgers.outgoing.get(node.name);
        const applied = peer !== node && peer.kept ? this.appliedOf(peer, node, at, edge) : null;
        if (applied !== null) addPacked(gone, mass, applied, 1);
      }
      this.departed += (before - gone.grains) / GOSSIP_LIMITS.grainsPerUnit;
    }
    this.ended.push({ node, generation: node.generation, until: this.now() + this.lingerMs });
  }

  /**
   * Watches one call of a machine. Messages of an ended life that are still about bring some of what departed back, or
   * acknowledge mass that departed: what they change is accounted for.
   */
  around<Result>(node: MeshNode, call: () => Result): Result {
    if (this.ended.length === 0) return call();
    this.ended = this.ended.filter(({ until }) => until > this.now());
    const before = this.ended.map((ended) => edgesWith(node, ended));
    const result = call();
    for (const [i, ended] of this.ended.entries()) this.account(node, before[i]!, edgesWith(node, ended), ended);
    return result;
  }

  private account(node: MeshNode, before: Edges, after: Edges, { node: { name }, generation }: Ended): void {
    if (node.machine.membership.generationOf(name) !== generation) return;
    for (const [at, mass] of node.machine.holdings.masses.entries()) {
      const expected = this.expected[at]!;
      const [was, is] = [before.incoming[at]!, after.incoming[at]!];
      if (is.upTo > was.upTo) {
        addPacked(expected, mass, is, 1);
        if (is.base === was.base) addPacked(expected, mass, was, -1);
      }
      const [sent, left] = [before.outgoing[at]!, after.outgoing[at]!];
      const acknowledged = sent.packed !== null && !sent.returned && left.base === sent.upTo;
      if (acknowledged) addPacked(expected, mass, sent, -1);
    }
  }

  private totals(): readonly Total[] {
    return this.nodes[0]!.machine.holdings.masses.map((like, at) => {
      const total: Total = { sum: new Float64Array(like.sum.length), grains: 0 };
      for (const node of this.nodes) {
        if (!node.kept) continue;
        const mass = node.machine.holdings.masses[at]!;
        addValues(total, mass.sum, 1);
        total.grains += mass.grains;
        for (const peer of mass.ledgers.outgoing.keys()) this.addUnderWay(total, node, this.byName.get(peer)!, at, 1);
      }
      return total;
    });
  }

  /** What left `from` and has not reached `to`; negative when it was taken back although it had. */
  private addUnderWay(total: Total, from: MeshNode, to: MeshNode, at: number, sign: 1 | -1): void {
    const mass = from.machine.holdings.masses[at]!;
    const edge = mass.ledgers.outgoing.get(to.name);
    if (edge === undefined) return;
    if (edge.packed !== null && !edge.returned) addPacked(total, mass, edge, sign);
    const applied = this.appliedOf(from, to, at, edge);
    if (applied !== null) addPacked(total, mass, applied, sign === 1 ? -1 : 1);
  }

  /** What `to` has applied of the sum under way to it; null when nothing, or when either began a new life. */
  private appliedOf(from: MeshNode, to: MeshNode, at: number, edge: Outgoing | undefined): Incoming | null {
    if (edge === undefined || edge.packed === null || !to.kept || !from.kept) return null;
    if (from.machine.membership.generationOf(to.name) !== to.generation) return null;
    if (to.machine.membership.generationOf(from.name) !== from.generation) return null;
    const applied = to.machine.holdings.masses[at]!.ledgers.incoming.get(from.name);
    return applied !== undefined && applied.base === edge.base && applied.upTo > edge.base ? applied : null;
  }
}

interface Edges {
  readonly incoming: readonly Readonly<Incoming>[];
  readonly outgoing: readonly Readonly<Outgoing>[];
}

const NO_EDGE: Outgoing = {
  base: 0,
  upTo: 0,
  grains: 0,
  packed: null,
  anchor: null,
  isToldInFull: false,
  returned: false,
};

function edgesWith(node: MeshNode, { node: { name } }: Ended): Edges {
  const { masses } = node.machine.holdings;
  return {
    incoming: masses.map(({ ledgers }) => ({ ...NO_EDGE, ...ledgers.incoming.get(name) })),
    outgoing: masses.map(({ ledgers }) => ({ ...NO_EDGE, ...ledgers.outgoing.get(name) })),
  };
}

function addValues(total: Total, values: Float64Array, sign: 1 | -1): void {
  for (let i = 0; i < values.length; i++) total.sum[i] = total.sum[i]! + sign * values[i]!;
}

function addPacked(total: Total, { lane }: Mass, edge: Incoming, sign: 1 | -1): void {
  if (edge.packed === null) return;
  const values = new Float64Array(lane.length);
  readSum(edge, lane, values);
  addValues(total, values, sign);
  total.grains += sign * edge.grains;
}
