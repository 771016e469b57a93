/**
 * What was learned from labels is on disk after this and the time of one write: less than 5 s, as promised. Learning
 * steps still owed when the snapshot is taken are taken again from the journal after a crash.
 */
const LABEL_PERIOD_MS = 3_000;
/** Stream statistics move without labels, slowly: losing ten minutes of them costs little, and a card lasts longer. */
const STREAM_PERIOD_MS = 600_000;

/** When the learned state is asked for and written. */
export interface Snapshots {
  /** A label was learned. */
  learned(): void;
  /** Call several times a second. @param now monotonic ms */
  tick(now: number): void;
  /** The state asked for has come. */
  arrived(bytes: Uint8Array): void;
  /** Asks for the state as it is now; resolves when it is on disk, or could not be put there. */
  flush(): Promise<void>;
}

export const createSnapshots = (ports: {
  /** Asks the compute worker for its state; false when it has not answered the last request yet. */
  readonly request: () => boolean;
  readonly put: (bytes: Uint8Array) => Promise<void>;
  /** A snapshot could not be written: the labels themselves are on disk, so nothing is lost yet. */
  readonly failed: (error: unknown) => void;
}): Snapshots => {
  let due = false;
  let writing = 0;
  let askedMs = 0;
  let waiting: (() => void)[] = [];

  const write = async (bytes: Uint8Array): Promise<void> => {
    const told = waiting;
    waiting = [];
    writing++;
    try {
      await ports.put(bytes);
    } catch (error) {
      due = true;
      ports.failed(error);
    }
    writing--;
    for (const tell of told) tell();
  };

  return {
    learned: () => {
      due = true;
    },
    tick: (now) => {
      // A disk that is slower than the period is not given more to do.
      if (writing > 0 || now - askedMs < (due ? LABEL_PERIOD_MS : STREAM_PERIOD_MS)) return;
      askedMs = now;
      if (ports.request()) due = false;
    },
    arrived: (bytes) => void write(bytes),
    flush: async () => {
      // The answer to an earlier request may still be on its way, with an older state: then the next one counts.
      while (!ports.request()) await new Promise<void>((resolve) => waiting.push(resolve));
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};
