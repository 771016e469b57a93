/** What was learned from labels is at most this old on disk, and one write a period is all an SD card sees. */
const LABEL_PERIOD_MS = 2_000;
/** Stream statistics move without labels, slowly: losing a minute of them costs nothing that the next minute lacks. */
const STREAM_PERIOD_MS = 60_000;
/** A label's last learning steps may come after the snapshot that follows it: the one after that has them. */
const SNAPSHOTS_PER_LABEL = 2;

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
  readonly written: () => void;
}): Snapshots => {
  let due = 0;
  let askedMs = 0;
  let waiting: (() => void)[] = [];

  const write = async (bytes: Uint8Array): Promise<void> => {
    const told = waiting;
    waiting = [];
    try {
      await ports.put(bytes);
      ports.written();
    } catch (error) {
      due = SNAPSHOTS_PER_LABEL;
      ports.failed(error);
    }
    for (const tell of told) tell();
  };

  return {
    learned: () => {
      due = SNAPSHOTS_PER_LABEL;
    },
    tick: (now) => {
      if (now - askedMs < (due > 0 ? LABEL_PERIOD_MS : STREAM_PERIOD_MS)) return;
      askedMs = now;
      if (ports.request()) due = Math.max(0, due - 1);
    },
    arrived: (bytes) => void write(bytes),
    flush: async () => {
      // The answer to an earlier request may still be on its way, with an older state: then the next one counts.
      while (!ports.request()) await new Promise<void>((resolve) => waiting.push(resolve));
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};
