import type { WordMessage } from './messages.ts';
import type { Group, Range } from './place.ts';
import type { RelayChoice } from './relay-choice.ts';
import { DISSEMINATION } from './settings.ts';

/** One part of what a node has to serve, and who relays it. */
export class Branch {
  readonly range: Range;
  readonly members: readonly string[];
  done = false;
  /** Members that have it, as far as a relay has said. */
  has = 0;
  /** The relay of now; null before the first and after the last. */
  private relay: string | null = null;
  private readonly tried = new Set<string>();
  /** Of the relay of now. */
  private attempts = 0;
  private sentAt = 0;
  private heardAt = 0;
  private answered = false;

  constructor(group: Group) {
    this.range = group.range;
    this.members = group.members;
  }

  /** When the relay of now is given up, ms. */
  get deadline(): number {
    return this.heardAt + DISSEMINATION.silenceMs;
  }

  /**
   * The next relay. A silent one is asked once more, since only a message may be lost; then comes one that was not
   * tried yet, those in good standing first. The last one is tried for longer. Null when all has been tried.
   */
  next(choice: RelayChoice, suspected: (member: string) => boolean, now: number): string | null {
    this.relay = this.mayAnswerYet() ? this.relay : this.other(choice, suspected);
    if (this.relay === null) return null;
    this.attempts = this.tried.has(this.relay) ? this.attempts + 1 : 1;
    this.tried.add(this.relay);
    this.sentAt = now;
    this.heardAt = now;
    this.answered = false;
    choice.sent(this.relay);
    return this.relay;
  }

  private mayAnswerYet(): boolean {
    const { triesOfRelay, triesOfLast } = DISSEMINATION;
    return (
      this.relay !== null && this.attempts < (this.tried.size === this.members.length ? triesOfLast : triesOfRelay)
    );
  }

  private other(choice: RelayChoice, suspected: (member: string) => boolean): string | null {
    const open = this.members.filter((member) => !this.tried.has(member));
    const trusted = open.filter((member) => !suspected(member));
    const candidates = (trusted.length > 0 ? trusted : open).slice(0, DISSEMINATION.candidatesMax);
    return candidates.length === 0 ? null : choice.choose(candidates);
  }

  /**
   * A word from a relay of this branch; of an earlier one too, which may have done the work after all.
   *
   * @returns whether the branch is done by it
   */
  heard(peer: string, { state, has }: WordMessage, choice: RelayChoice, now: number): boolean {
    if (this.done || !this.tried.has(peer)) return false;
    if (peer === this.relay) {
      if (!this.answered) choice.ended(peer, now - this.sentAt);
      this.answered = true;
      this.heardAt = now;
    }
    this.has = Math.max(this.has, has);
    this.done = state === 'done';
    return this.done;
  }

  /** The relay of now was silent for too long. */
  gaveUp(choice: RelayChoice): void {
    if (this.relay !== null) choice.ended(this.relay, Number.POSITIVE_INFINITY);
  }
}
