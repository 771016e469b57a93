import { Branch } from './branch.ts';
import type {
  DisseminationEffect,
  DisseminationMessage,
  DisseminationRejection,
  GiveMessage,
  Publication,
  WordMessage,
} from './messages.ts';
import { Newest } from './newest.ts';
import { placeOf, type Range, splitRange } from './place.ts';
import { RelayChoice } from './relay-choice.ts';
import { DISSEMINATION } from './settings.ts';

export interface DisseminationOptions {
  readonly self: string;
  /** Who wants a topic, this node among them or not, in any order. Nodes need not agree. */
  readonly members: (topic: string) => readonly string[];
  /** Whether a member is thought to be gone: it relays only when there is nobody else. */
  readonly suspected: (member: string) => boolean;
  /** What was delivered before, by an earlier life of this node; nothing when left out. */
  readonly newest?: Newest;
}

/** A range that this node serves. */
export interface Task {
  readonly publication: Publication;
  readonly range: Range;
  /** Who gave it, and on which path; more than one when the first was thought to be gone. None at the origin. */
  readonly parents: Map<string, readonly string[]>;
  readonly path: readonly string[];
  readonly branches: readonly Branch[];
  /** Who could not be reached, here and below. */
  readonly missed: Set<string>;
  payload: Uint8Array | null;
  wordAt: number;
}

/**
 * One publishes, many receive: a tree per topic, without anybody building it. The origin cuts the circle of places
 * (`placeOf`) into `arity` ranges and gives each to one member of it, chosen by how it did before; that one delivers,
 * cuts its range and goes on. Ranges do not overlap and a publication is delivered once, so nobody gets it twice; each
 * level has a quarter of the members left, so depth is at most ⌈log4 N⌉ + 1. Of each topic and origin the newest
 * counts: what is older than one that was delivered is refused.
 *
 * A relay says that it is busy, and at last that its whole range has the message. One that falls silent is replaced by
 * another member of the same range. So the origin knows when all have it, and who could not be reached.
 *
 * Methods return effects, to be carried out in order.
 */
export class Dissemination {
  private readonly choice = new RelayChoice(DISSEMINATION.choice);
  protected readonly newest: Newest;
  protected readonly tasks = new Map<string, Task>();
  protected effects: DisseminationEffect[] = [];

  constructor(protected readonly options: DisseminationOptions) {
    this.newest = options.newest ?? new Newest(DISSEMINATION.streamsMax);
  }

  /** @param peer the sender, authenticated. @param message checked against its schema */
  receive(peer: string, message: DisseminationMessage, now: number): readonly DisseminationEffect[] {
    if (message.kind === 'give') this.given(peer, message, now);
    else this.heard(peer, message, now);
    return this.take();
  }

  /** Whether `receive` would deliver this: the caller can have it on disk before anybody hears that it is here. */
  isWanted(message: GiveMessage): boolean {
    return this.refusal(message) === null && this.newest.standing(message) === 'new';
  }

  /** Time has passed; due at `wakeAt`. */
  tick(now: number): readonly DisseminationEffect[] {
    for (const task of this.tasks.values()) {
      if (isDone(task)) continue;
      for (const branch of task.branches) {
        if (branch.done || now < branch.deadline) continue;
        branch.gaveUp(this.choice);
        this.launch(task, branch, now);
      }
      if (isDone(task)) this.finish(task, now);
      else if (now >= task.wordAt + WORD_EVERY_MS) this.say(task, now);
    }
    return this.take();
  }

  /** When `tick` is due, ms; Infinity when nothing is under way. */
  get wakeAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const task of this.tasks.values()) {
      if (isDone(task)) continue;
      if (task.parents.size > 0) first = Math.min(first, task.wordAt + WORD_EVERY_MS);
      for (const branch of task.branches) if (!branch.done) first = Math.min(first, branch.deadline);
    }
    return first;
  }

  private given(peer: string, message: GiveMessage, now: number): void {
    const { range, path, topic, origin, sequence } = message;
    const task = this.tasks.get(keyOf(message, range));
    if (task !== undefined) {
      if (task.parents.size < DISSEMINATION.parentsMax) task.parents.set(peer, path);
      this.say(task, now);
      return;
    }
    const reason = this.refusal(message) ?? (this.makeRoom() ? null : 'full');
    if (reason !== null) {
      this.effects.push({ kind: 'refused', peer, reason });
      return;
    }
    const publication = { topic, origin, sequence };
    if (this.newest.standing(publication) === 'new') {
      this.newest.note(publication);
      this.effects.push({ kind: 'deliver', publication, payload: message.payload });
    }
    this.serve(publication, range, [...path, this.options.self], peer, message.payload, now);
  }

  private refusal(message: GiveMessage): DisseminationRejection | null {
    const { path, topic, range } = message;
    const { self } = this.options;
    if (path.length > DISSEMINATION.depthMax || path.includes(self)) return 'path';
    const place = placeOf(topic, self);
    if (!isIn(range, place)) return 'range';
    return this.newest.standing(message) === 'old' ? 'old' : null;
  }

  protected serve(
    publication: Publication,
    range: Range,
    path: readonly string[],
    parent: string | null,
    payload: Uint8Array,
    now: number,
  ): void {
    const wanting = this.options.members(publication.topic).filter((member) => !path.includes(member));
    const groups = splitRange(publication.topic, wanting, range, DISSEMINATION.arity);
    const parents = new Map(parent === null ? [] : [[parent, path.slice(0, -1)]]);
    const branches = groups.map((group) => new Branch(group));
    const task: Task = { publication, range, parents, path, branches, missed: new Set(), payload, wordAt: now };
    this.tasks.set(keyOf(publication, range), task);
    for (const branch of branches) this.launch(task, branch, now);
    if (isDone(task)) this.finish(task, now);
    else this.say(task, now);
  }

  /** Gives a branch to its next relay, or gives it up. */
  private launch(task: Task, branch: Branch, now: number): void {
    const relay = branch.next(this.choice, this.options.suspected, now);
    if (relay !== null) {
      const { publication, path, payload } = task;
      const give = { kind: 'give', ...publication, range: branch.range, path, payload: payload! } as const;
      this.effects.push({ kind: 'send', to: relay, message: give });
      return;
    }
    branch.done = true;
    for (const member of branch.members) {
      task.missed.add(member);
      this.effects.push({ kind: 'missed', publication: task.publication, member });
    }
  }

  private heard(peer: string, message: WordMessage, now: number): void {
    for (const task of this.tasks.values()) {
      if (!isSame(task.publication, message) || isDone(task)) continue;
      for (const branch of task.branches) {
        if (branch.range.from !== message.range.from || branch.range.to !== message.range.to) continue;
        if (!branch.heard(peer, message, this.choice, now)) continue;
        for (const member of message.missed) task.missed.add(member);
        if (isDone(task)) this.finish(task, now);
      }
    }
  }

  protected finish(task: Task, now: number): void {
    task.payload = null;
    this.say(task, now);
  }

  private say(task: Task, now: number): void {
    task.wordAt = now;
    const { publication, range } = task;
    const { has, missed } = foundBy(task);
    const state = isDone(task) ? 'done' : 'busy';
    const named = missed.slice(0, DISSEMINATION.missedMax);
    for (const [to, path] of task.parents) {
      // This node; and who was on the way to the first parent, was not served here, and is not counted by another one.
      const passed = task.path.filter((name) => !path.includes(name) && isIn(range, placeOf(publication.topic, name)));
      const counts = { has: has + passed.length, missed: named };
      this.effects.push({ kind: 'send', to, message: { kind: 'word', ...publication, range, state, ...counts } });
    }
  }

  /** Forgets the oldest task that is done when there are too many; false when all are under way. */
  protected makeRoom(): boolean {
    if (this.tasks.size < DISSEMINATION.tasksMax) return true;
    for (const [key, task] of this.tasks) {
      if (isDone(task)) return this.tasks.delete(key);
    }
    return false;
  }

  protected take(): readonly DisseminationEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }
}

const WORD_EVERY_MS = DISSEMINATION.silenceMs / DISSEMINATION.wordsPerSilence;

const isIn = ({ from, to }: Range, place: number): boolean => place >= from && place < to;

/** What the branches have found. */
export const foundBy = ({ branches, missed }: Task) => {
  return { has: branches.reduce((sum, { has }) => sum + has, 0), missed: [...missed] };
};

const isDone = (task: Task): boolean => task.branches.every(({ done }) => done);

const isSame = (a: Publication, b: Publication): boolean =>
  a.sequence === b.sequence && a.topic === b.topic && a.origin === b.origin;

export const keyOf = ({ topic, origin, sequence }: Publication, { from, to }: Range): string =>
  `${topic}\n${origin}\n${sequence}\n${from}\n${to}`;
