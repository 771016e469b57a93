import type { GossipFields } from '../messages/gossip.ts';
import type { Member } from './membership.ts';
import { type Order, orderOf } from './order.ts';
import { type GossipStep, stepsOf } from './schedule.ts';
import { isAfter } from './serial.ts';

/** A message that came before its round. */
export interface Letter {
  readonly peer: string;
  readonly message: GossipFields;
}

/** Where a node is in its cycle, and which messages wait for later rounds. No mass is moved here. */
export class Rounds {
  cycle = 0;
  running = false;
  /** Whether every message of this cycle that was waited for has come. */
  complete = true;
  /** Whether what the present step sends has been sent. */
  spoken = false;
  /** When the present step is given up, ms. */
  deadline = 0;
  private members: readonly Member[] = [];
  private steps: readonly GossipStep[] = [];
  private at = 0;
  private readonly letters = new Map<string, GossipFields>();
  private order: Order = orderOf(0, 1, 1);
  private readonly lanes: number;
  private readonly roundTimeoutMs: number;

  /** @param lanes slices that take turns, one a cycle */
  constructor(lanes: number, roundTimeoutMs: number) {
    this.lanes = lanes;
    this.roundTimeoutMs = roundTimeoutMs;
  }

  /** @param members of this cycle, sorted; this node is the one with `index` */
  start(cycle: number, members: readonly Member[], index: number, now: number): void {
    this.cycle = cycle;
    this.members = members;
    this.order = orderOf(cycle, this.lanes, members.length);
    this.steps = stepsOf(members.length, this.order.placeOf(index));
    this.at = 0;
    this.running = true;
    this.complete = true;
    this.enter(-1, now);
  }

  /** The present step; null after the last one. */
  get step(): GossipStep | null {
    return this.running ? (this.steps[this.at] ?? null) : null;
  }

  peerOf(step: GossipStep): string {
    return this.members[this.order.indexAt(step.peer)]!.name;
  }

  /** Goes on to the next step. */
  next(now: number): void {
    const { round } = this.steps[this.at]!;
    this.at += 1;
    this.enter(round, now);
  }

  /** An extra node waits for as many rounds as its partner is busy with. */
  private enter(before: number, now: number): void {
    const step = this.steps[this.at];
    this.spoken = false;
    if (step !== undefined) this.deadline = now + this.roundTimeoutMs * (step.round - before);
  }

  stop(): void {
    this.running = false;
  }

  /** Whether this cycle has a step with that peer. */
  meets(peer: string): boolean {
    return this.steps.some((step) => this.peerOf(step) === peer);
  }

  /** Whether a message is for the present step or a later one, or a later cycle; all others are applied at once. */
  isDue(peer: string, { cycle, round }: GossipFields): boolean {
    if (cycle !== this.cycle) return isAfter(cycle, this.cycle);
    if (!this.running) return false;
    return this.steps.some(
      (step, at) => at >= this.at && step.takes && step.round === round && this.peerOf(step) === peer,
    );
  }

  /** Keeps a message for its round; one of the same peer gives way, since a later one holds it. False when full. */
  keep({ peer, message }: Letter): boolean {
    if (!this.letters.has(peer) && this.letters.size > this.steps.length + 8) return false;
    this.letters.set(peer, message);
    return true;
  }

  /** The message that the present step waits for. */
  takeLetter(step: GossipStep): Letter | null {
    const peer = this.peerOf(step);
    const message = this.letters.get(peer);
    if (message === undefined || message.cycle !== this.cycle || message.round !== step.round) return null;
    this.letters.delete(peer);
    return { peer, message };
  }

  /** Removes and gives what waited in vain: messages of rounds that are over. */
  takeLeftovers(): readonly Letter[] {
    const over = [...this.letters].filter(([peer, message]) => !this.isDue(peer, message));
    for (const [peer] of over) this.letters.delete(peer);
    return over.map(([peer, message]) => ({ peer, message }));
  }

  /** The first later cycle that a message waits for, or null. */
  nextCycle(): number | null {
    let first: number | null = null;
    for (const { cycle } of this.letters.values()) {
      if (isAfter(cycle, this.cycle) && (first === null || isAfter(first, cycle))) first = cycle;
    }
    return first;
  }
}
