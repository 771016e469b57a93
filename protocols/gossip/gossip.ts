import { bytesOfHex, sameBytes } from '../hex.ts';
import { LIMITS } from '../limits.ts';
import { ASIDE, ASK, type GossipBody, type GossipFields, readGossip } from '../messages/gossip.ts';
import { Conversation } from './conversation.ts';
import { Cycle } from './cycle.ts';
import { ASK_LANES_MAX, Entry } from './entry.ts';
import { Holdings } from './holdings.ts';
import { type Member, Membership, placeOf } from './membership.ts';
import { GOSSIP_DEFAULTS, type GossipEffect, type GossipOptions, type GossipRejection } from './options.ts';
import { Outbox } from './outbox.ts';
import { Rounds } from './rounds.ts';
import { cycleAfter, isAfter, stepsFrom } from './serial.ts';
import type { GossipState } from './state.ts';
import { SteadyTime } from './steady-time.ts';

/** A peer's value and the own one, of one lane; `whole` puts either into its place in θ. */
export interface Preview {
  readonly own: Float64Array;
  readonly value: Float64Array;
  whole(lane: Float64Array): Float64Array;
}

/**
 * One node's part in averaging parameters over a fleet: push-sum over acknowledged edges, in cycles of fold, double,
 * unfold. A sans-IO machine: every method takes the time and gives back what is to be done; `wakeAt` says when `tick`
 * is due. See docs/mesh-gossip.md for the protocol and its promises.
 */
export class Gossip {
  readonly holdings: Holdings;
  readonly membership: Membership;
  private readonly options: Required<Omit<GossipOptions, 'defence' | 'valuesMax'>>;
  private readonly lineage: Uint8Array;
  private readonly rounds: Rounds;
  private readonly entry: Entry;
  private readonly outbox: Outbox;
  private readonly conversation: Conversation;
  private readonly steps: Cycle;
  /** A cycle was asked for while one was going on. */
  private due = false;
  /** Others' pace brought on a cycle that this node's own pace has not asked for yet. */
  private ahead = false;
  private startedAt = Number.NEGATIVE_INFINITY;
  private readonly time = new SteadyTime();
  /** Cycle in which each lane was last shared with a newcomer. */
  private readonly sharedIn: Int32Array;

  /** @throws RangeError for options that do not fit one another: our fault */
  constructor(options: GossipOptions) {
    this.options = { ...GOSSIP_DEFAULTS, trust: () => 1, ...options };
    const { self, generation, roundTimeoutMs, missedMax, suspectMs } = this.options;
    if (!(Number.isSafeInteger(generation) && generation > 0)) throw new RangeError(`generation ${generation}`);
    this.lineage = bytesOfHex(options.lineage, LIMITS.lineageBytes);
    this.holdings = new Holdings(options);
    this.membership = new Membership(self, generation, { missedMax, suspectMs });
    this.outbox = new Outbox(this.lineage, this.holdings, this.membership);
    this.rounds = new Rounds(this.holdings.lanes.length, roundTimeoutMs);
    const { holdings, membership, outbox, rounds } = this;
    this.conversation = new Conversation({ holdings, membership, outbox, rounds, trust: this.options.trust });
    this.steps = new Cycle(this.conversation);
    this.entry = new Entry(roundTimeoutMs, options.entry !== 'guest');
    this.sharedIn = new Int32Array(this.holdings.lanes.length).fill(-1);
  }

  /**
   * What must be on disk before the effects of the last call are carried out, if a crash is to cost nothing. An older
   * state would give away the same mass twice: who has none, or one that may be older, begins a new generation.
   */
  save(): GossipState {
    const { generation } = this.options;
    const { incarnation } = this.membership;
    return { generation, incarnation, lineage: this.lineage, cycle: this.cycle, ...this.holdings.save() };
  }

  /** See `restoreGossip`. */
  restore(state: GossipState): boolean {
    this.rounds.cycle = state.cycle;
    this.membership.incarnation = state.incarnation;
    return this.holdings.restore(state);
  }

  get cycle(): number {
    return this.rounds.cycle;
  }

  /** Whether a cycle is going on. */
  get running(): boolean {
    return this.rounds.running;
  }

  /** Writes θ [size]. */
  estimate(out: Float64Array): void {
    this.holdings.estimate(out);
  }

  /** θ has moved by `delta` [size] through learning on this node. */
  moved(delta: Float64Array): void {
    this.holdings.moved(delta);
  }

  /** The members of the fleet with this lineage, sorted by name, this node among them. */
  members(members: readonly Member[], now: number): readonly GossipEffect[] {
    const at = this.time.from(now);
    this.membership.update(members, at);
    for (const peer of this.holdings.peers) {
      if (!this.membership.isListed(peer)) this.holdings.retract(peer);
      else this.holdings.face(peer, this.membership.generationOf(peer));
    }
    return this.settle(at);
  }

  /**
   * Time for a cycle by this node's pace. One that others began meanwhile counts for it; while one goes on, the next
   * follows at once.
   */
  begin(now: number): readonly GossipEffect[] {
    const at = this.time.from(now);
    if (this.ahead) this.ahead = false;
    else if (this.rounds.running) this.due = true;
    else this.start(cycleAfter(this.rounds.cycle), at);
    return this.settle(at);
  }

  /** Time has passed. Call it at `wakeAt`; more often does no harm. */
  tick(now: number): readonly GossipEffect[] {
    const at = this.time.from(now);
    for (const name of this.membership.tick(at)) this.conversation.evict(name);
    return this.settle(at);
  }

  /** When `tick` is due next, ms; Infinity when nothing is waited for. */
  get wakeAt(): number {
    const round = this.rounds.running ? this.rounds.deadline : Number.POSITIVE_INFINITY;
    const entry = this.holdings.unseasoned().length > 0 ? this.entry.wakeAt : Number.POSITIVE_INFINITY;
    const start = this.rounds.running ? null : this.rounds.nextCycle();
    const pulled = start === null ? Number.POSITIVE_INFINITY : this.startedAt + this.options.cycleMsMin;
    return this.time.onClock(Math.min(round, entry, pulled, this.membership.wakeAt));
  }

  /** @param body checked against the schema, from the peer whose signature the envelope bears */
  receive(peer: string, body: GossipBody, now: number): readonly GossipEffect[] {
    const at = this.time.from(now);
    const message = readGossip(body);
    const reason = this.refusal(peer, message) ?? this.meet(peer, message, at);
    if (reason !== null) this.outbox.refuse(peer, reason);
    else this.hear(peer, message);
    return this.settle(at);
  }

  /**
   * What a message would say to the defence, for whoever must ask elsewhere what to think of it before `receive`; null
   * when nothing of it would be mixed. Changes nothing.
   */
  preview(peer: string, body: GossipBody): Preview | null {
    const message = readGossip(body);
    if (this.refusal(peer, message) !== null || message.peerGeneration !== this.options.generation) return null;
    const mass = this.holdings.masses[message.lane]!;
    const value = mass.valueOf(peer, message);
    if (value === null) return null;
    const own = new Float64Array(value.length);
    mass.estimate(own);
    const theta = new Float64Array(this.holdings.size);
    this.estimate(theta);
    const whole = (lane: Float64Array): Float64Array => {
      const values = theta.slice();
      values.set(lane, mass.lane.offset);
      return values;
    };
    return { own, value, whole };
  }

  private refusal(peer: string, message: GossipFields): GossipRejection | null {
    if (!sameBytes(message.lineage, this.lineage)) return 'lineage';
    if (message.lane >= this.holdings.lanes.length) return 'lane';
    if (!this.membership.isListed(peer) || peer === this.options.self) return 'stranger';
    if (message.generation < this.membership.generationOf(peer)) return 'generation';
    return this.options.trust(peer) <= 0 ? 'quarantined' : null;
  }

  /** Takes note of who speaks and of what it says of others; a reason when it must be left at that. */
  private meet(peer: string, message: GossipFields, now: number): GossipRejection | null {
    this.holdings.face(peer, message.generation);
    if (!this.holdings.resume(peer)) return 'evicted';
    this.conversation.noteState(peer, () => this.membership.heard(peer, message.generation, message.incarnation, now));
    for (const rumour of message.rumours) {
      if (this.membership.rumoured(rumour, now)) this.conversation.evict(rumour[0]);
    }
    const { cycle } = this.rounds;
    const isBehind = isAfter(cycle, message.cycle);
    const stale = isBehind && stepsFrom(message.cycle, cycle) > this.options.stalenessCycles;
    // For another life of this node: neither the mass nor the acknowledgement is ours. The sender should know, and so
    // should one that has been away for long: it takes the cycle from the answer.
    const stranger = message.peerGeneration !== this.options.generation;
    if (stranger || (stale && !this.rounds.meets(peer))) this.conversation.say(peer, message.lane, ASIDE);
    if (stranger) return 'generation';
    return stale ? 'stale' : null;
  }

  private hear(peer: string, message: GossipFields): void {
    this.holdings.acknowledged(message.lane, peer, message.acknowledged);
    if (message.round === ASK) this.answer(peer, message.lane);
    else if (message.round === ASIDE) this.hearAside(peer, message);
    else if (!this.rounds.isDue(peer, message)) this.conversation.apply(peer, message, true);
    else if (!this.rounds.keep({ peer, message })) this.outbox.refuse(peer, 'early');
  }

  private hearAside(peer: string, message: GossipFields): void {
    if (!this.rounds.running && isAfter(message.cycle, this.rounds.cycle)) this.rounds.cycle = message.cycle;
    this.conversation.apply(peer, message, true);
  }

  /** A newcomer gets half, once a cycle. */
  private answer(peer: string, lane: number): void {
    this.entry.heardAsking(peer);
    if (!this.holdings.masses[lane]!.seasoned || this.sharedIn[lane] === this.rounds.cycle) return;
    this.sharedIn[lane] = this.rounds.cycle;
    this.holdings.give(lane, peer, 'half');
    this.conversation.say(peer, lane, ASIDE);
  }

  /** Goes on as far as the messages and the time allow, and hands over what is to be done. */
  private settle(now: number): readonly GossipEffect[] {
    this.enter(now);
    for (let busy = true; busy; ) {
      while (this.rounds.running && this.steps.proceed(now));
      for (const { peer, message } of this.rounds.takeLeftovers()) this.conversation.apply(peer, message, true);
      busy = !this.rounds.running && this.startNext(now);
    }
    return this.outbox.takeEffects();
  }

  /** Starts the cycle that is due, or that others are in already. */
  private startNext(now: number): boolean {
    const pulled = now >= this.startedAt + this.options.cycleMsMin ? this.rounds.nextCycle() : null;
    if (pulled === null && !this.due) return false;
    if (!this.due) this.ahead = true;
    return this.start(pulled ?? cycleAfter(this.rounds.cycle), now);
  }

  private start(cycle: number, now: number): boolean {
    const members = this.membership.schedule();
    const place = placeOf(members, this.options.self);
    this.due = false;
    this.holdings.settle();
    if (place === null) return false;
    if (members.length < 2) {
      // Cut off from everybody for so long that all were given up: somebody must speak first when the broker is back.
      this.conversation.callLost();
      return false;
    }
    this.startedAt = now;
    this.rounds.start(cycle, members, place, now);
    return true;
  }

  /** A node without mass asks for some. */
  private enter(now: number): void {
    const lanes = this.holdings.unseasoned();
    const place = lanes.length > 0 ? placeOf(this.membership.schedule(), this.options.self) : null;
    if (place === null) return;
    const next = this.entry.next(this.membership, place, now);
    if (next === 'found') this.holdings.found();
    else if (next !== 'wait')
      for (const lane of lanes.slice(0, ASK_LANES_MAX)) this.conversation.say(next.ask, lane, ASK);
  }
}

/** @throws RangeError for options that do not fit one another: our fault */
export function createGossip(options: GossipOptions): Gossip {
  return new Gossip(options);
}

/** Goes on from a saved state, in its generation; null when it is of other parameters. */
export function restoreGossip(options: GossipOptions, state: GossipState): Gossip | null {
  if (!sameBytes(state.lineage, bytesOfHex(options.lineage, LIMITS.lineageBytes)) || state.generation === 0)
    return null;
  const gossip = new Gossip({ ...options, generation: state.generation });
  return gossip.restore(state) ? gossip : null;
}
