import type { GossipFields } from '../messages/gossip.ts';
import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import { Mass, type TransferOutcome } from './mass.ts';
import { GOSSIP_DEFAULTS, type GossipOptions, type MixingRule } from './options.ts';
import type { GossipState } from './state.ts';

const NOTHING = new Uint8Array(0);

type HoldingsState = Pick<GossipState, 'transfers' | 'pending' | 'peers' | 'lanes'>;

/** The fields of a message that speak of mass. */
export type MassFields = Pick<GossipFields, 'lane' | 'base' | 'upTo' | 'acknowledged' | 'grains' | 'scales' | 'values'>;

/** The mass of one node in all lanes, and what was learned since it was last added. */
export class Holdings {
  readonly lanes: readonly Lane[];
  readonly masses: readonly Mass[];
  readonly size: number;
  /** Learned on this node, not in the mass yet: it is added between cycles, or once there is weight. */
  readonly pending: Float64Array;
  /** The last transfer number given out; numbers are never used twice in one generation. */
  transfers = 0;
  /** The life of each peer that the ledgers with it are of. */
  private readonly lives = new Map<string, number>();
  private readonly rules: readonly MixingRule[];

  constructor({ parts, values, entry, precision, valuesMax, defence }: GossipOptions) {
    this.lanes = lanesOf(parts, valuesMax);
    this.size = this.lanes.reduce((sum, { length }) => sum + length, 0);
    if (values.length !== this.size) throw new RangeError(`${values.length} values for parts of ${this.size}`);
    const grains = entry === 'founder' ? GOSSIP_LIMITS.grainsPerUnit : 0;
    const isAnchored = this.lanes.length <= GOSSIP_LIMITS.anchoredLanesMax;
    const form = precision ?? GOSSIP_DEFAULTS.precision;
    this.masses = this.lanes.map((lane) => new Mass(lane, values, grains, form, isAnchored));
    this.rules = this.lanes.map((lane) => defence?.(lane) ?? AS_SAID);
    this.pending = new Float64Array(this.size);
  }

  /** Writes θ [size]: the mixed estimate, and on top of it what was learned since. */
  estimate(out: Float64Array): void {
    for (const mass of this.masses) {
      mass.estimate(out.subarray(mass.lane.offset, mass.lane.offset + mass.lane.length));
    }
    for (let i = 0; i < this.size; i++) out[i] = out[i]! + this.pending[i]!;
  }

  moved(delta: Float64Array): void {
    for (let i = 0; i < this.size; i++) this.pending[i] = this.pending[i]! + delta[i]!;
  }

  /** Adds what was learned to every lane that has weight: s += w Δθ. */
  settle(): void {
    for (const mass of this.masses) {
      const { offset, length } = mass.lane;
      if (mass.move(this.pending)) this.pending.fill(0, offset, offset + length);
    }
  }

  save(): HoldingsState {
    const lanes = this.masses.map((mass) => mass.save());
    const peers = [...this.lives].map(([name, generation]) => ({ name, generation }));
    return { transfers: this.transfers, pending: floatsToBytes(this.pending), peers, lanes };
  }

  /** False when the state is of other parameters; the holdings are then unfit for use. */
  restore({ transfers, pending, peers, lanes }: HoldingsState): boolean {
    this.transfers = transfers;
    for (const { name, generation } of peers) this.lives.set(name, generation);
    if (lanes.length !== this.masses.length || !bytesToFloats(pending, this.pending)) return false;
    return this.masses.every((mass, at) => mass.restore(lanes[at]!));
  }

  give(lane: number, peer: string, how: 'all' | 'half'): void {
    const mass = this.masses[lane]!;
    const before = mass.weight;
    if (!mass.give(peer, how, this.transfers + 1)) return;
    this.transfers += 1;
    this.rules[lane]!.gave?.(peer, before - mass.weight);
  }

  take(peer: string, message: GossipFields, trust: number): TransferOutcome {
    const rule = this.rules[message.lane]!;
    const mass = this.masses[message.lane]!;
    // A newcomer takes over what the others have.
    const admit = (own: Float64Array, value: Float64Array): Float64Array =>
      mass.seasoned ? rule.admit(own, peer, value) : (rule.welcome?.(own, peer, value) ?? value);
    const counted = (weight: number): number => rule.counted?.(peer, weight) ?? weight;
    return mass.take(peer, message, trust, admit, counted);
  }

  /** What a message to a peer says of mass: all that is under way to it, and what was applied of its own. */
  fieldsFor(lane: number, peer: string): MassFields {
    const mass = this.masses[lane]!;
    const { upTo, base, grains, packed, returned } = mass.ledgers.to(peer, this.transfers);
    const acknowledged = mass.ledgers.from(peer).upTo;
    if (packed === null || returned) {
      return { lane, base: upTo, upTo, acknowledged, grains: 0, scales: NOTHING, values: NOTHING };
    }
    return { lane, base, upTo, acknowledged, grains, ...packed };
  }

  acknowledged(lane: number, peer: string, transfer: number): void {
    this.masses[lane]!.ledgers.acknowledged(peer, transfer);
  }

  retract(peer: string): void {
    for (const mass of this.masses) mass.retract(peer);
    for (const rule of this.rules) rule.forget(peer);
  }

  /** Goes on with a peer that had been given up; false while that would cost a lane all its weight. */
  resume(peer: string): boolean {
    if (!this.masses.every((mass) => mass.canResume(peer))) return false;
    for (const mass of this.masses) if (mass.resume(peer, this.transfers + 1)) this.transfers += 1;
    return true;
  }

  /** The peer is in this life (0: not known). In a later one mass under way returns, and the ledgers begin anew. */
  face(peer: string, generation: number): void {
    const known = this.lives.get(peer) ?? generation;
    if (generation > 0) this.lives.set(peer, Math.max(known, generation));
    if (generation <= known) return;
    for (const mass of this.masses) mass.renew(peer);
    for (const rule of this.rules) rule.forget(peer);
  }

  /** Everyone there is or was a ledger with. */
  get peers(): Iterable<string> {
    return this.lives.keys();
  }

  /** Lanes whose estimate is still the model as it was shipped. */
  unseasoned(): readonly number[] {
    return this.masses.flatMap((mass, at) => (mass.seasoned ? [] : [at]));
  }

  /** Nobody has mass to give: the own values are as good as those of any other, with a weight of 1. */
  found(): void {
    for (const mass of this.masses) if (!mass.seasoned) mass.found();
  }

  /** A lane and peer, other than those of `isMet`, to whom mass is under way; the search goes on where it ended. */
  looseEnd(isMet: (peer: string) => boolean, turn: number): { lane: number; peer: string } | null {
    const ends = this.masses.flatMap((mass, lane) =>
      [...mass.ledgers.outgoing].flatMap(([peer, edge]) =>
        edge.packed === null || edge.returned || isMet(peer) ? [] : [{ lane, peer }],
      ),
    );
    return ends[turn % Math.max(1, ends.length)] ?? null;
  }
}

const AS_SAID: MixingRule = { admit: (_own, _peer, value) => value, forget: () => {} };
