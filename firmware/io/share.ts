import { SHARE, type ShareShape, type ShareVerb } from '../worker/share-memory.ts';

/** What this node shares with others, in the compute worker's hands. Every call rejects once that worker is gone. */
export interface Share extends ShareShape {
  /** [size], the parameters as they are now. */
  read(): Promise<Float64Array>;
  /** Adds to them, whatever was learned meanwhile. */
  add(delta: Float64Array): Promise<void>;
  /** Mean log-loss on own labelled windows, had it these parameters. */
  judge(values: Float64Array): Promise<number>;
}

export interface ShareEnd {
  readonly share: Share;
  /** The worker has answered. */
  answered(loss: number): void;
  /** The worker is gone. */
  lost(error: Error): void;
}

interface Request {
  readonly verb: ShareVerb;
  readonly values: Float64Array | null;
  resolve(loss: number): void;
  reject(error: Error): void;
}

/** Requests that may wait: a node hears at most a few peers in a round. */
const REQUESTS_MAX = 64;

/**
 * One request at a time, since both threads use one vector.
 *
 * @param send tells the worker what to do with the vector; false when its mailbox is full
 */
export const createShare = (
  shape: ShareShape,
  memory: SharedArrayBuffer,
  send: (verb: ShareVerb) => boolean,
): ShareEnd => {
  const vector = new Float64Array(memory);
  const queue: Request[] = [];
  let gone: Error | null = null;

  /** Tells the worker of the first request; whatever cannot be sent fails here and now. */
  const begin = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (next.values !== null) vector.set(next.values);
      if (send(next.verb)) return;
      queue.shift();
      next.reject(new Error('the compute worker has too many letters waiting'));
    }
  };
  const ask = (verb: ShareVerb, values: Float64Array | null): Promise<number> =>
    new Promise((resolve, reject) => {
      if (gone !== null) return reject(gone);
      if (queue.length >= REQUESTS_MAX) return reject(new Error('the compute worker does not keep up with the mesh'));
      queue.push({ verb, values, resolve, reject });
      if (queue.length === 1) begin();
    });

  let read = new Float64Array(0);
  return {
    share: {
      ...shape,
      read: async () => {
        await ask(SHARE.read, null);
        return read;
      },
      add: async (delta) => void (await ask(SHARE.add, delta)),
      judge: (values) => ask(SHARE.judge, values),
    },
    answered: (loss) => {
      const request = queue.shift();
      if (request === undefined) return;
      // Copied before the next request takes the vector, and read before the promise's turn comes.
      if (request.verb === SHARE.read) read = vector.slice();
      request.resolve(loss);
      begin();
    },
    lost: (error) => {
      gone = error;
      for (const request of queue.splice(0)) request.reject(error);
    },
  };
};
