import { expected, type Incoming, type Outgoing, readSum, standing } from './edge.ts';
import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import type { Lane } from './lanes.ts';
import { copyOf, Ledgers } from './ledgers.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import { needsAnchor, type PackedValues, type Precision, packValues, unpackValues } from './quantiser.ts';
import type { LaneState } from './state.ts';

const { grainsPerUnit, weightMin, weightMax, shareMin, fineBytesMax } = GOSSIP_LIMITS;

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

/** Of what a message brings beyond what was applied. */
interface News {
  readonly grains: number;
  /** What both ends had agreed on at its base. */
  readonly anchor: Float32Array | null;
}

export type TransferOutcome = 'applied' | 'old' | 'shape' | 'edge' | 'anchor' | 'weight';

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
  readonly ledgers: Ledgers;
  /** The last estimate, for while there is no weight. */
  private readonly memory: Float64Array;
  private readonly precision: Precision;
  private readonly scratch: Float64Array;
  private readonly before: Float64Array;
  private readonly own: Float64Array;

  /**
   * @param grains 0: enters without a say, and takes over what the others have
   * @param isAnchored whether edges code differences to what both ends agreed on; the same on all nodes
   */
  constructor(lane: Lane, values: Float64Array, grains: number, precision: Precision, isAnchored = true) {
    this.lane = lane;
    this.memory = values.slice(lane.offset, lane.offset + lane.length);
    this.grains = grains;
    this.seasoned = grains > 0;
    this.sum = this.memory.map((value) => (value * grains) / grainsPerUnit);
    this.precision = precision;
    this.ledgers = new Ledgers(lane, isAnchored);
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
      ...this.ledgers.save(),
    };
  }

  /** False when the state is of another lane; the mass is then unfit for use. */
  restore({ grains, seasoned, sum, memory, ...edges }: LaneState): boolean {
    this.grains = grains;
    this.seasoned = seasoned;
    return bytesToFloats(sum, this.sum) && bytesToFloats(memory, this.memory) && this.ledgers.restore(edges);
  }

  /** Gives the remembered estimate a weight of one unit. */
  found(): void {
    this.grains = grainsPerUnit;
    this.seasoned = true;
    this.sum.set(this.memory);
  }

  /**
   * Sets mass aside for a peer, on top of what is under way to it, as transfer number `transfer`. False when it is too
   * little to be worth a number: the message then repeats what is under way.
   */
  give(peer: string, how: 'all' | 'half', transfer: number): boolean {
    const edge = this.ledgers.to(peer, transfer - 1);
    const share = Math.min(roomOf(edge), how === 'all' ? this.grains : this.half(edge));
    if (share <= 0 || edge.returned) return false;
    if (share === this.grains) this.estimate(this.memory);
    readSum(edge, this.lane, this.before);
    const fraction = share / this.grains;
    for (let i = 0; i < this.sum.length; i++) this.scratch[i] = this.before[i]! + this.sum[i]! * fraction;
    const anchor = edge.isToldInFull ? null : expected(edge.anchor, edge.grains + share);
    // While both ends have nothing in common the levels are coarse, and a share would be far off.
    const isFine = anchor === null && this.ledgers.isAnchored && fitsFine(this.lane);
    edge.packed = packValues(this.scratch, this.lane, this.precision, this.scratch, anchor, isFine);
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

  /**
   * Applies what is new in a message, and nothing when any of it is unsound.
   *
   * @param trust share of the new weight that counts, 0 … 1
   */
  take(peer: string, transfer: Transfer, trust: number, admit: Admission, counted = ALL): TransferOutcome {
    const edge = this.ledgers.from(peer);
    const news = this.unpackNew(edge, transfer);
    if (typeof news === 'string') return news;
    const { grains, anchor } = news;
    const { base, upTo } = transfer;
    this.ledgers.incoming.set(peer, { base, upTo, grains: transfer.grains, packed: copyOf(transfer), anchor });
    this.estimate(this.own);
    const counts = Math.round(grainsPerUnit * counted(grains / grainsPerUnit) * trust);
    this.absorb(admit(this.own, this.scratch), counts);
    return 'applied';
  }

  /** The value of what is new in a message, as `take` will find it; null when nothing of it will be taken. */
  valueOf(peer: string, transfer: Transfer): Float64Array | null {
    const news = this.unpackNew(this.ledgers.from(peer), transfer);
    return typeof news === 'string' ? null : this.scratch.slice();
  }

  /** Puts the value of what is new into `scratch`. @returns its weight and the edge's anchor, or why there is none */
  private unpackNew(edge: Incoming, transfer: Transfer): News | Exclude<TransferOutcome, 'applied'> {
    const stands = standing(edge, transfer.base, transfer.upTo);
    if (stands === 'old') return 'old';
    if (stands === 'broken') return 'edge';
    const anchor = stands === 'more' ? edge.anchor : this.ledgers.anchorAfter(edge, transfer.base);
    if (anchor === null && needsAnchor(transfer)) return 'anchor';
    if (!unpackValues(transfer, this.lane, this.scratch, expected(anchor, transfer.grains))) return 'shape';
    const grains = transfer.grains - (stands === 'more' ? edge.grains : 0);
    if (!(grains > 0 && grains <= weightMax * grainsPerUnit)) return 'weight';
    if (stands === 'more') readSum(edge, this.lane, this.before);
    else this.before.fill(0);
    const weight = grains / grainsPerUnit;
    for (let i = 0; i < this.sum.length; i++) this.scratch[i] = (this.scratch[i]! - this.before[i]!) / weight;
    return { grains, anchor };
  }

  private absorb(value: Float64Array, grains: number): void {
    const weight = grains / grainsPerUnit;
    for (let i = 0; i < value.length; i++) this.sum[i] = this.sum[i]! + weight * value[i]!;
    this.grains += grains;
    if (grains > 0) this.seasoned = true;
  }

  /** Takes back what is under way to a peer that is given up. The ledger stays: the peer may turn up after all. */
  retract(peer: string): void {
    const edge = this.ledgers.outgoing.get(peer);
    if (edge === undefined || edge.returned) return;
    this.credit(edge, 1);
    edge.returned = true;
  }

  /** Whether `resume` can be paid for. */
  canResume(peer: string): boolean {
    const edge = this.ledgers.outgoing.get(peer);
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
    const edge = this.ledgers.outgoing.get(peer);
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
    this.ledgers.forget(peer);
  }

  private credit(edge: Outgoing, sign: 1 | -1): void {
    readSum(edge, this.lane, this.before);
    for (let i = 0; i < this.sum.length; i++) this.sum[i] = this.sum[i]! + sign * this.before[i]!;
    this.grains += sign * edge.grains;
    if (this.grains === 0) this.estimate(this.memory);
  }
}

const ALL = (weight: number): number => weight;

/** How much more may be under way on an edge, in grains. */
const roomOf = ({ grains }: Outgoing): number => weightMax * grainsPerUnit - grains;

/** Whether a message has room for two bits more a value. */
const fitsFine = ({ length, parts }: Lane): boolean => 1.25 * length + 2 * parts.length <= fineBytesMax;
