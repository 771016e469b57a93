import { Dissemination, foundBy, keyOf, type Task } from './dissemination.ts';
import type { DisseminationEffect, Publication } from './messages.ts';
import { PLACES, type Range } from './place.ts';

const EVERYWHERE: Range = { from: 0, to: PLACES };

export interface PublicationStanding {
  /** Members who are not known to have it, and not given up. */
  readonly waiting: readonly string[];
  /** How many have it. */
  readonly has: number;
  /** Who could not be reached. */
  readonly missed: readonly string[];
}

/** A member that publishes, too; apart, as gateways only relay. */
export class DisseminationOrigin extends Dissemination {
  /** @param sequence higher than of any earlier publication of this node on the topic */
  publish(topic: string, sequence: number, payload: Uint8Array, now: number): readonly DisseminationEffect[] {
    const publication = { topic, origin: this.options.self, sequence };
    if (!this.makeRoom()) return [{ kind: 'refused', peer: this.options.self, reason: 'full' }];
    this.newest.note(publication);
    this.serve(publication, EVERYWHERE, [this.options.self], null, payload, now);
    return this.take();
  }

  /** How far a publication of this node is; null when it is none, or is forgotten. */
  standing({ topic, sequence }: Omit<Publication, 'origin'>): PublicationStanding | null {
    const publication = { topic, origin: this.options.self, sequence };
    const task = this.tasks.get(keyOf(publication, EVERYWHERE));
    if (task === undefined) return null;
    const waiting = task.branches.filter(({ done }) => !done).flatMap(({ members }) => members);
    return { waiting, ...foundBy(task) };
  }

  protected override finish(task: Task, now: number): void {
    super.finish(task, now);
    if (task.parents.size > 0) return;
    this.effects.push({ kind: 'complete', publication: task.publication, ...foundBy(task) });
  }
}
