import { createRandom } from '../kernels/random.ts';

/** Answers that wait to be given; beyond that an operator would lose count as well. */
const WAITING_MAX = 256;

/** An answer whose time has come. */
export interface Answer {
  readonly index: number;
  /** Class index. */
  readonly label: number;
}

/** Which windows an operator answers, and when. Pure: time comes in as an argument. */
export interface Labeller {
  /** A window was decided and its truth is known to the operator. @param now monotonic ms */
  consider(index: number, truth: number, now: number): void;
  /** The answers due by now, oldest first; each is given once. @param now monotonic ms */
  due(now: number): Answer[];
}

/** Answers a share `rate` of the windows, each after a delay drawn evenly from `delayMsMin` to `delayMsMax`. */
export const createLabeller = (options: {
  seed: number;
  rate: number;
  delayMsMin: number;
  delayMsMax: number;
}): Labeller => {
  const { seed, rate, delayMsMin, delayMsMax } = options;
  const random = createRandom(seed, 'labeller');
  let waiting: (Answer & { at: number })[] = [];
  return {
    consider: (index, truth, now) => {
      const chosen = random.float() < rate;
      const delay = delayMsMin + random.float() * (delayMsMax - delayMsMin);
      if (chosen && truth >= 0 && waiting.length < WAITING_MAX) waiting.push({ index, label: truth, at: now + delay });
    },
    due: (now) => {
      const ready = waiting.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      if (ready.length > 0) waiting = waiting.filter(({ at }) => at > now);
      return ready;
    },
  };
};
