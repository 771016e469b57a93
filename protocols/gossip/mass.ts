import { acknowledge, createIncoming, createOutgoing, type Incoming, type Outgoing, standing } from './edge.ts';
import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import type { Lane } from './lanes.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import { type PackedValues, type Precision, packValues, unpackValues } from './quantiser.ts';
import type { LaneState } from './state.ts';

const { grainsPerUnit, weightMin, weightMax, shareMin } = GOSSIP_LIMITS;

/** Times what goes under way again that must be here: the estimate moves twice as far as they differ at most. */
const RESUME_RATIO = 1.5;

/** A message's mass, as it came. */
export interface Transfer extends PackedValues {
  readonly base: number;
  readonly upTo: number;
  readonly grains: number;
}

/** What a receiver makes of a value before it is mixed: see `Defence` in defence.ts. */
export type Admission = (own: Float64Array, value: Float64Array) => Float64Array;

export type TransferOutcome = 'applied' | 'old' | 'shape' | 'edge' | 'weight';

/**
 * One node's push-sum mass of one lane: a sum s, a weight w, and the ledgers of what is under way. The estimate is
 * s / w (Kempe, Dobra, Gehrke 2003, §2.1), here with weights in whole grains: every sum of them is exact. Over all
 * nodes Σs and Σw are kept: whatever leaves `sum` is in `sent` of an edge until the other end has it.
 */
export class Mass {
  readonly lane: Lane;
  /** s. Without weight it holds what rounding kept back. */
  readonly sum: Float64Array;
  /** w in grains. */
  grains: number;
  /** False until the first mass came: the estimate is then the model as it was shipped. */
  seasoned: boolean;
  readonly outgoing = new Map<string, Outgoing>();
  readonly incoming = new Map<string, Incoming>();
  /** The last estimate, for while there is no weight. */
  private readonly memory: Float64Array;
  private readonly precision: Precision;
  private readonly scratch: Float64Array;
  private readonly before: Float64Array;
  private readonly own: Float64Array;

  /** @param grains 0: enters without a say, and takes over what the others have */
  constructor(lane: Lane, values: Float64Array, grains: number, precision: Precision) {
    this.lane = lane;
    this.memory = values.slice(lane.offset, lane.offset + lane.length);
    this.grains = grains;
    this.seasoned = grains > 0;
    this.sum = this.memory.map((value) => (value * grains) / grainsPerUnit);
    this.precision = precision;
    this.scratch = new Float64Array(lane.length);
    this.before = new Float64Array(lane.length);
    this.own = new Float64Array(lane.length);
  }

  /** Push-sum weight in units: 1 at the start; from 1/2 to 2 in a healthy fleet. */
  get weight(): number {
    return this.grains / grainsPerUnit;
  }

  /** Writes the estimate to `out`, of the lane's length. */
  estimate(out: Float64Array): void {
    if (this.grains === 0) out.set(this.memory);
    else for (let i = 0; i < out.length; i++) out[i] = this.sum[i]! / this.weight;
  }

  /** Moves the estimate by `delta`, read at the lane's place; false when there is no weight to move it with. */
  move(delta: Float64Array): boolean {
    if (this.grains === 0) return false;
    const { offset } = this.lane;
    for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! + this.weight * delta[offset + i]!;
    return true;
  }

  save(): LaneState {
    return {
      grains: this.grains,
      seasoned: this.seasoned,
      sum: floatsToBytes(this.sum),
      memory: floatsToBytes(this.memory),
      outgoing: [...this.outgoing].map(([peer, edge]) => ({ peer, ...edge })),
      incoming: [...this.incoming].map(([peer, edge]) => ({ peer, ...edge })),
    };
  }

  /** False when the state is of another lane; the mass is then unfit for use. */
  restore({ grains, seasoned, sum, memory, outgoing, incoming }: LaneState): boolean {
    this.grains = grains;
    this.seasoned = seasoned;
    for (const { peer, ...edge } of outgoing) this.outgoing.set(peer, { ...edge, packed: copyOf(edge.packed) });
    for (const { peer, ...edge } of incoming) this.incoming.set(peer, { ...edge, packed: copyOf(edge.packed) });
    const packed = [...outgoing, ...incoming].flatMap((edge) => (edge.packed === null ? [] : [edge.packed]));
    return (
      bytesToFloats(sum, this.sum) &&
      bytesToFloats(memory, this.memory) &&
      packed.every((each) => unpackValues(each, this.lane, this.scratch))
    );
  }

  /** Gives the remembered estimate a weight of one unit. */
  found(): void {
    this.grains = grainsPerUnit;
    this.seasoned = true;
    this.sum.set(this.memory);
  }

  /** The edge to a peer; begun with `transfer`, the last number used, when there is none. */
  edgeTo(peer: string, transfer: number): Outgoing {
    let edge = this.outgoing.get(peer);
    if (edge === undefined) {
      this.makeRoom();
      edge = createOutgoing(transfer);
      this.outgoing.set(peer, edge);
    }
    return edge;
  }

  /** Drops the ledger of a peer that was given up, when there are too many. */
  private makeRoom(): void {
    if (this.outgoing.size < GOSSIP_LIMITS.edgesMax) return;
    for (const [peer, { returned, packed }] of this.outgoing) {
      if (!returned && packed !== null) continue;
      this.outgoing.delete(peer);
      this.incoming.delete(peer);
      return;
    }
  }

  /**
   * Sets mass aside for a peer, on top of what is under way to it, as transfer number `transfer`. False when it is too
   * little to be worth a number: the message then repeats what is under way.
   */
  give(peer: string, how: 'all' | 'half', transfer: number): boolean {
    const edge = this.edgeTo(peer, transfer - 1);
    const room = weightMax * grainsPerUnit - edge.grains;
    const share = Math.min(room, how === 'all' ? this.grains : this.half(edge));
    if (share <= 0 || edge.returned) return false;
    if (share === this.grains) this.estimate(this.memory);
    this.unpackSum(edge.packed, this.before);
    const fraction = share / this.grains;
    for (let i = 0; i < this.sum.length; i++) this.scratch[i] = this.before[i]! + this.sum[i]! * fraction;
    edge.packed = packValues(this.scratch, this.lane, this.precision, this.scratch);
    // Only what the bytes say has left; the rest of the share stays (TRAPS.md, "Error feedback").
    for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! - (this.scratch[i]! - this.before[i]!);
    edge.grains += share;
    this.grains -= share;
    edge.upTo = transfer;
    return true;
  }

  /**
   * Half of what is here and under way to this peer together, less what is under way: while a peer is silent, a second
   * push adds next to nothing, and silence cannot drain a node.
   */
  private half(edge: Outgoing): number {
    const share = Math.floor((this.grains - edge.grains) / 2);
    if (this.grains - share < weightMin * grainsPerUnit) return 0;
    return share < shareMin * edge.grains ? 0 : share;
  }

  acknowledged(peer: string, transfer: number): void {
    const edge = this.outgoing.get(peer);
    if (edge !== undefined) acknowledge(edge, transfer);
  }

  /** The transfer of a peer that was applied last; 0 for none. */
  appliedFrom(peer: string): number {
    return this.incoming.get(peer)?.upTo ?? 0;
  }

  /**
   * Applies what is new in a message, and nothing when any of it is unsound.
   *
   * @param trust share of the new weight that counts, 0 … 1
   */
  take(peer: string, transfer: Transfer, trust: number, admit: Admission, counted = ALL): TransferOutcome {
    const edge = this.incoming.get(peer) ?? createIncoming();
    const grains = this.unpackNew(edge, transfer);
    if (typeof grains !== 'number') return grains;
    edge.packed = copyOf(transfer);
    edge.base = transfer.base;
    edge.upTo = transfer.upTo;
    edge.grains = transfer.grains;
    this.incoming.set(peer, edge);
    this.estimate(this.own);
    const counts = Math.round(grainsPerUnit * counted(grains / grainsPerUnit) * trust);
    this.absorb(admit(this.own, this.scratch), counts);
    return 'applied';
  }

  /** The value of what is new in a message, as `take` will find it; null when nothing of it will be taken. */
  valueOf(peer: string, transfer: Transfer): Float64Array | null {
    const grains = this.unpackNew(this.incoming.get(peer) ?? createIncoming(), transfer);
    return typeof grains === 'number' ? this.scratch.slice() : null;
  }

  /** Puts the value of what is new into `scratch`. @returns its weight in grains, or why there is none */
  private unpackNew(edge: Incoming, transfer: Transfer): number | Exclude<TransferOutcome, 'applied'> {
    const stands = standing(edge, transfer.base, transfer.upTo);
    if (stands === 'old') return 'old';
    if (stands === 'broken') return 'edge';
    if (!unpackValues(transfer, this.lane, this.scratch)) return 'shape';
    const grains = transfer.grains - (stands === 'more' ? edge.grains : 0);
    if (!(grains > 0 && grains <= weightMax * grainsPerUnit)) return 'weight';
    this.unpackSum(stands === 'more' ? edge.packed : null, this.before);
    const weight = grains / grainsPerUnit;
    for (let i = 0; i < this.sum.length; i++) this.scratch[i] = (this.scratch[i]! - this.before[i]!) / weight;
    return grains;
  }

  private absorb(value: Float64Array, grains: number): void {
    const weight = grains / grainsPerUnit;
    for (let i = 0; i < value.length; i++) this.sum[i] = this.sum[i]! + weight * value[i]!;
    this.grains += grains;
    if (grains > 0) this.seasoned = true;
  }

  /** Takes back what is under way to a peer that is given up. The ledger stays: the peer may turn up after all. */
  retract(peer: string): void {
    const edge = this.outgoing.get(peer);
    if (edge === undefined || edge.returned) return;
    this.credit(edge, 1);
    edge.returned = true;
  }

  /** Whether `resume` can be paid for. */
  canResume(peer: string): boolean {
    const edge = this.outgoing.get(peer);
    return edge === undefined || !edge.returned || edge.grains <= this.grains;
  }

  /**
   * The peer was alive: it may have had the mass that was taken back, so that goes under way again, once. What was
   * taken back is older than what is here: were little left, the estimate would be thrown far beyond both. That little
   * then goes with it, and the estimate stays what it was until mass comes back.
   *
   * @param transfer its number, if it is needed
   * @returns whether it was
   */
  resume(peer: string, transfer: number): boolean {
    const edge = this.outgoing.get(peer);
    if (edge === undefined || !edge.returned) return false;
    const isThin = edge.grains * RESUME_RATIO > this.grains;
    const held = new Float64Array(this.sum.length);
    this.estimate(held);
    this.credit(edge, -1);
    edge.returned = false;
    if (!isThin) return false;
    const isUsed = this.give(peer, 'all', transfer);
    this.memory.set(held);
    return isUsed;
  }

  /** The peer lost its state: what was under way to it returns, and both directions begin anew. */
  renew(peer: string): void {
    this.retract(peer);
    this.outgoing.delete(peer);
    this.incoming.delete(peer);
  }

  private credit(edge: Outgoing, sign: 1 | -1): void {
    this.unpackSum(edge.packed, this.before);
    for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! + sign * this.before[i]!;
    this.grains += sign * edge.grains;
    if (this.grains === 0) this.estimate(this.memory);
  }

  /** A ledger's sum in numbers. It was packed or checked here, so it fits. */
  private unpackSum(packed: PackedValues | null, out: Float64Array): void {
    if (packed === null) out.fill(0);
    else unpackValues(packed, this.lane, out);
  }
}

/** Bytes of their own: those of a message are views of it. (`slice` of a Buffer is a view as well.) */
function copyOf(packed: PackedValues | null): PackedValues | null {
  if (packed === null) return null;
  return { scales: new Uint8Array(packed.scales), values: new Uint8Array(packed.values) };
}

const ALL = (weight: number): number => weight;
