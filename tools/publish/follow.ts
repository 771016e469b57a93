import type { DisseminationEffect, Publication } from '../../protocols/dissemination/messages.ts';
import { DisseminationOrigin } from '../../protocols/dissemination/origin.ts';
import { readTree, type TreeBody, writeTree } from '../../protocols/messages/tree.ts';

const TICK_MS = 100;

/** A word of somebody, proven. */
export interface Heard {
  readonly name: string;
  readonly body: TreeBody;
}

export interface FollowOptions {
  readonly publication: Publication;
  /** Who is to have it, the origin not among them. */
  readonly members: readonly string[];
  /** The publication as its origin signed it. */
  readonly payload: Uint8Array;
  /** From when on nobody is waited for, ms. */
  readonly waitMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly say: (to: string, body: TreeBody) => void;
  /** Calls back with every word that comes. */
  readonly listen: (heard: (word: Heard) => void) => void;
  /** Hears how many have it, whenever that changes. */
  readonly progress: (has: number, waitingFor: readonly string[]) => void;
}

export interface Outcome {
  /** How many have it, as the relays say. */
  readonly has: number;
  /** Those who could not be reached, or had not been when the time was over; in order. */
  readonly missed: readonly string[];
  /** Whom the origin gave it to. */
  readonly relays: readonly string[];
}

/** Gives a publication to the first relays, and resolves when all have it or are missed, or the time is over. */
export const follow = (options: FollowOptions): Promise<Outcome> => {
  const { publication, members, payload, now, say, progress } = options;
  const { topic, origin, sequence } = publication;
  const tree = new DisseminationOrigin({ self: origin, members: () => members, suspected: () => false });
  const endAt = now() + options.waitMs;
  const relays = new Set<string>();
  return new Promise((resolve) => {
    let before = '';
    const end = (has: number, missed: readonly string[]): void => {
      clearInterval(timer);
      resolve({ has, missed: [...new Set(missed)].sort(), relays: [...relays] });
    };
    const perform = (effects: readonly DisseminationEffect[]): void => {
      for (const effect of effects) {
        if (effect.kind === 'complete') end(effect.has, effect.missed);
        if (effect.kind !== 'send') continue;
        relays.add(effect.to);
        say(effect.to, writeTree(effect.message));
      }
      const { has = 0, waiting = [] } = tree.standing(publication) ?? {};
      if (before !== '' && before !== `${has} ${waiting.length}`) progress(has, waiting);
      before = `${has} ${waiting.length}`;
    };
    const timer = setInterval(() => {
      if (now() >= tree.wakeAt) perform(tree.tick(now()));
      if (now() < endAt) return;
      const { has = 0, waiting = [], missed = [] } = tree.standing(publication) ?? {};
      end(has, [...waiting, ...missed]);
    }, TICK_MS);
    options.listen(({ name, body }) => {
      const message = readTree(body);
      // Nobody has anything to give to an origin.
      if (message.kind === 'word') perform(tree.receive(name, message, now()));
    });
    perform(tree.publish(topic, sequence, payload, now()));
  });
};
