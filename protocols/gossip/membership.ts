import type { RumourOnWire } from '../messages/gossip.ts';
import { GOSSIP_LIMITS } from './limits.ts';

/** A node that averages the same parameters, as presence tells. */
export interface Member {
  readonly name: string;
  /** Rises whenever the node lost its state; 0 while it is not known. */
  readonly generation: number;
  /** False when its will or its farewell was published last. */
  readonly present: boolean;
}

export type MemberState = 'alive' | 'suspect' | 'evicted';
const STATES = ['alive', 'suspect', 'evicted'] as const;

export interface MembershipOptions {
  /** Rounds in a row without a word from a member before it is suspected. */
  readonly missedMax: number;
  /** How long a suspect may take to refute, in ms; and how long a word from a member outweighs hearsay. */
  readonly suspectMs: number;
}

/** What is known of a member beyond the list. */
interface Record {
  generation: number;
  incarnation: number;
  state: MemberState;
  missed: number;
  /** When the state was entered. */
  since: number;
  heardAt: number;
}

/**
 * Who takes part, and who is thought to be gone. After SWIM (Das, Gupta, Motivala 2002): a member that missed rounds is
 * first suspected, which is rumoured; it refutes with a higher incarnation (§4.2), or is evicted when time is up. Pings
 * are not sent: rounds are, and a suspect's place in the schedule goes on getting messages without new mass.
 */
export class Membership {
  readonly self: string;
  readonly generation: number;
  incarnation = 0;
  private listed: readonly Member[] = [];
  private readonly records = new Map<string, Record>();
  private readonly rumours: { rumour: RumourOnWire; left: number }[] = [];
  private readonly options: MembershipOptions;
  private scheduled: readonly Member[] | null = null;

  constructor(self: string, generation: number, options: MembershipOptions) {
    this.self = self;
    this.generation = generation;
    this.options = options;
  }

  /** @param members sorted by name, this node among them or not; names of others that are not in it are forgotten */
  update(members: readonly Member[], now: number): void {
    const before = this.listed;
    this.listed = members;
    this.scheduled = null;
    for (const name of this.records.keys()) if (this.listedAs(name) === null) this.records.delete(name);
    for (const member of members) {
      const known = this.records.get(member.name);
      if (member.name === this.self || (member.present && known === undefined)) continue;
      const record = this.record(member.name, now);
      if (member.generation > record.generation) this.replace(record, member.generation, now);
      if (!member.present && record.state === 'alive') this.enter(member.name, record, 'suspect', now);
      const came = member.present && record.state !== 'alive' && !isPresent(before, member.name);
      if (came) this.enter(member.name, record, 'alive', now);
    }
  }

  /** Members in order, without the evicted: the schedule's list. */
  schedule(): readonly Member[] {
    const evicted = ({ name }: Member): boolean => this.records.get(name)?.state === 'evicted';
    this.scheduled ??= this.listed.some(evicted) ? this.listed.filter((member) => !evicted(member)) : this.listed;
    return this.scheduled;
  }

  /**
   * One of the evicted that the broker says is there, another at every turn; null when there is none. Two halves of a
   * fleet that gave each other up find together again only if somebody goes on speaking.
   */
  lost(turn: number): string | null {
    const names = [...this.records].flatMap(([name, { state }]) =>
      state === 'evicted' && isPresent(this.listed, name) ? [name] : [],
    );
    return names[turn % Math.max(1, names.length)] ?? null;
  }

  isListed(name: string): boolean {
    return this.listedAs(name) !== null;
  }

  stateOf(name: string): MemberState {
    return this.records.get(name)?.state ?? 'alive';
  }

  /** 0: not known yet. */
  generationOf(name: string): number {
    return this.records.get(name)?.generation ?? this.listedAs(name)?.generation ?? 0;
  }

  /** A word from the member itself: better evidence than any rumour. */
  heard(name: string, generation: number, incarnation: number, now: number): void {
    const record = this.record(name, now);
    if (generation > record.generation) this.replace(record, generation, now);
    record.incarnation = Math.max(record.incarnation, incarnation);
    record.missed = 0;
    record.heardAt = now;
    if (record.state !== 'alive') this.enter(name, record, 'alive', now);
  }

  /** A round passed without a word from it. */
  missed(name: string, now: number): void {
    const record = this.record(name, now);
    record.missed += 1;
    if (record.missed >= this.options.missedMax && record.state === 'alive') {
      this.enter(name, record, 'suspect', now);
    }
  }

  /** When the first suspect's time is up, ms; Infinity when there is none. */
  get wakeAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { state, since } of this.records.values()) {
      if (state === 'suspect') first = Math.min(first, since + this.options.suspectMs);
    }
    return first;
  }

  /** Evicts the suspects whose time is up; their names. */
  tick(now: number): readonly string[] {
    const names: string[] = [];
    for (const [name, record] of this.records) {
      if (record.state !== 'suspect' || now < record.since + this.options.suspectMs) continue;
      this.enter(name, record, 'evicted', now);
      names.push(name);
    }
    return names;
  }

  /** Hearsay about a third node, or about this one, which it refutes. True when the member is evicted by it. */
  rumoured([name, generation, incarnation, code]: RumourOnWire, now: number): boolean {
    const state = STATES[code]!;
    if (name === this.self) {
      if (generation !== this.generation || state === 'alive' || incarnation < this.incarnation) return false;
      this.incarnation = incarnation + 1;
      this.spread([name, generation, this.incarnation, 0]);
      return false;
    }
    if (!this.isListed(name)) return false;
    const record = this.record(name, now);
    if (generation !== record.generation || incarnation < record.incarnation) return false;
    if (state === 'alive') {
      if (incarnation === record.incarnation) return false;
      record.incarnation = incarnation;
      record.missed = 0;
      if (record.state === 'suspect') this.enter(name, record, 'alive', now);
      return false;
    }
    if (record.state === 'alive' && now - record.heardAt >= this.options.suspectMs) {
      record.incarnation = incarnation;
      this.enter(name, record, 'suspect', now);
    } else if (record.state === 'suspect' && state === 'evicted') {
      this.enter(name, record, 'evicted', now);
      return true;
    }
    return false;
  }

  /** Rumours for the next message, those passed on least first. */
  nextRumours(): RumourOnWire[] {
    const chosen = this.rumours.slice(0, GOSSIP_LIMITS.rumoursMax);
    this.rumours.splice(0, chosen.length);
    for (const each of chosen) if (--each.left > 0) this.rumours.push(each);
    return chosen.map(({ rumour }) => rumour);
  }

  private enter(name: string, record: Record, state: MemberState, now: number): void {
    if (record.state === 'evicted' || state === 'evicted') this.scheduled = null;
    record.state = state;
    record.since = now;
    record.missed = 0;
    this.spread([name, record.generation, record.incarnation, STATES.indexOf(state)]);
  }

  /** Each is told 3 log2 N times (SWIM §4.1: a multiple of log N reaches everyone with high probability). */
  private spread(rumour: RumourOnWire): void {
    const same = this.rumours.findIndex((each) => each.rumour[0] === rumour[0]);
    if (same >= 0) this.rumours.splice(same, 1);
    else if (this.rumours.length === GOSSIP_LIMITS.rumoursKept) this.rumours.pop();
    this.rumours.unshift({ rumour, left: 3 * Math.ceil(Math.log2(this.listed.length + 2)) });
  }

  private replace(record: Record, generation: number, now: number): void {
    Object.assign(record, { generation, incarnation: 0, missed: 0, heardAt: now });
    if (record.state !== 'alive') {
      record.state = 'alive';
      record.since = now;
      this.scheduled = null;
    }
  }

  private record(name: string, now: number): Record {
    let record = this.records.get(name);
    if (record === undefined) {
      const generation = this.listedAs(name)?.generation ?? 0;
      record = { generation, incarnation: 0, state: 'alive', missed: 0, since: now, heardAt: -Infinity };
      this.records.set(name, record);
    }
    return record;
  }

  private listedAs(name: string): Member | null {
    const at = placeOf(this.listed, name);
    return at === null ? null : this.listed[at]!;
  }
}

function isPresent(members: readonly Member[], name: string): boolean {
  const place = placeOf(members, name);
  return place !== null && members[place]!.present;
}

/** Index of a name in a list sorted by name, or null. */
export function placeOf(members: readonly Member[], name: string): number | null {
  let low = 0;
  let high = members.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = members[middle]!.name;
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}
