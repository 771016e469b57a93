/** Why a message counts as seen. The words are counted, published and documented: they never change. */
export type ReplayRejection = 'oldEpoch' | 'tooOld' | 'replayed' | 'tooManySenders';

const WORD_BITS = 32;
export const REPLAY_WORDS = 32;

/**
 * How far behind the newest message of a sender one may arrive. A gateway numbers its messages of all kinds, so at ten
 * decisions a second a message may be 99 seconds late; the 64 of RFC 4303 would be six.
 */
export const REPLAY_WINDOW = (REPLAY_WORDS - 1) * WORD_BITS;

/** What is remembered of one sender. */
export interface ReplayWindow {
  readonly epoch: number;
  /** Highest sequence number taken in this epoch. */
  readonly newest: number;
  /** [32] one bit for each sequence number: bit n % 32 of word (n / 32) % 32. */
  readonly words: Uint32Array;
}

/**
 * The messages that were taken, by sender: each (sender, epoch, sequence) is taken once. Numbers behind the newest are
 * told apart by a sliding bitmap (RFC 4303 §3.4.3), a ring of words in which nothing is shifted (RFC 6479 §2). An epoch
 * that a sender has left never comes back. Ask only about messages whose signature holds: a forged number would
 * push the window past the honest ones.
 */
export class ReplayWindows {
  private readonly windows = new Map<string, { epoch: number; newest: number; words: Uint32Array }>();
  private readonly sendersMax: number;

  constructor(sendersMax: number) {
    this.sendersMax = sendersMax;
  }

  /**
   * Takes a message, or says why not; a message that is taken is remembered.
   *
   * @param name of the sender's key, so that a gateway with a new key begins anew
   * @param epoch whole and not negative, as is `sequence`
   */
  take(name: string, epoch: number, sequence: number): ReplayRejection | null {
    const window = this.windows.get(name);
    if (window === undefined) return this.begin(name, epoch, sequence);
    if (epoch < window.epoch) return 'oldEpoch';
    if (epoch > window.epoch) {
      window.epoch = epoch;
      window.newest = sequence;
      window.words.fill(0);
    } else if (sequence > window.newest) advance(window, sequence);
    else if (sequence <= window.newest - REPLAY_WINDOW) return 'tooOld';
    const word = wordOf(sequence) % REPLAY_WORDS;
    const bit = 1 << (sequence % WORD_BITS);
    if ((window.words[word]! & bit) !== 0) return 'replayed';
    window.words[word]! |= bit;
    return null;
  }

  /** For a key that was revoked: no message of it is verified any more, so none comes here. */
  forget(name: string): void {
    this.windows.delete(name);
  }

  /** What there is to be stored. */
  entries(): Iterable<readonly [name: string, window: ReplayWindow]> {
    return this.windows;
  }

  /** Puts back what was stored. */
  restore(name: string, { epoch, newest, words }: ReplayWindow): void {
    if (this.windows.size < this.sendersMax) this.windows.set(name, { epoch, newest, words: Uint32Array.from(words) });
  }

  private begin(name: string, epoch: number, sequence: number): ReplayRejection | null {
    if (this.windows.size >= this.sendersMax) return 'tooManySenders';
    this.windows.set(name, { epoch, newest: sequence, words: new Uint32Array(REPLAY_WORDS) });
    return this.take(name, epoch, sequence);
  }
}

/** Which word of an endless bitmap a sequence number (up to 2^53) is in. */
function wordOf(sequence: number): number {
  return Math.floor(sequence / WORD_BITS);
}

/** Moves the window up: words that now stand for higher numbers are cleared. */
function advance(window: { newest: number; words: Uint32Array }, sequence: number): void {
  const first = wordOf(window.newest) + 1;
  const last = wordOf(sequence);
  if (last - first >= REPLAY_WORDS) window.words.fill(0);
  else for (let word = first; word <= last; word++) window.words[word % REPLAY_WORDS] = 0;
  window.newest = sequence;
}
