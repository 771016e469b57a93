import { SHARE, type ShareShape, type ShareVerb } from '../worker/share-memory.ts';

/** What this node shares with others, in the compute worker's hands. Every call rejects once that worker is gone. */
export interface Share extends ShareShape {
  /** [size], the parameters as they are now. */
  read(): Promise<Float64Array>;
  /** Adds to them, whatever was learned meanwhile. */
  add(delta: Float64Array): Promise<void>;
  /** Mean log-loss on own labelled windows, had it these parameters. */
  judge(values: Float64Array): Promise<number>;
  /** What own labels taught, apart from what others gave. */
  own(): Promise<Own>;
  /** Makes `values` of all that others gave; how often it is said does not matter. @param giver not 0 */
  give(values: Float64Array, giver: number): Promise<void>;
}

export interface Own {
  /** [size] */
  readonly values: Float64Array;
  /** Behind it, since the start of the state. */
  readonly labels: number;
  /** Of the latest `give`; 0 when there was none, or none that the snapshot knows of. */
  readonly giver: number;
}

export interface ShareEnd {
  readonly share: Share;
  /** The worker has answered. */
  answered(number: number): void;
  /** The worker is gone. */
  lost(error: Error): void;
}

/** What the worker said, and what it left in the vector. */
interface Answer {
  readonly number: number;
  readonly values: Float64Array;
  readonly giver: number;
}

interface Request {
  readonly verb: ShareVerb;
  readonly values: Float64Array | null;
  readonly giver: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const NOTHING = new Float64Array(0);

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
  const vector = new Float64Array(memory, 0, shape.size);
  const givers = new Float64Array(memory, shape.size * 8);
  const queue: Request[] = [];
  let gone: Error | null = null;

  /** Tells the worker of the first request; whatever cannot be sent fails here and now. */
  const begin = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (next.values !== null) vector.set(next.values);
      givers[0] = next.giver;
      if (send(next.verb)) return;
      queue.shift();
      next.reject(new Error('the compute worker has too many letters waiting'));
    }
  };
  const ask = (verb: ShareVerb, values: Float64Array | null = null, giver = 0): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (gone !== null) return reject(gone);
      if (queue.length >= REQUESTS_MAX) return reject(new Error('the compute worker does not keep up with the mesh'));
      queue.push({ verb, values, giver, resolve, reject });
      if (queue.length === 1) begin();
    });

  return {
    share: {
      ...shape,
      read: async () => (await ask(SHARE.read)).values,
      add: async (delta) => void (await ask(SHARE.add, delta)),
      judge: async (values) => (await ask(SHARE.judge, values)).number,
      own: async () => {
        const { number: labels, ...own } = await ask(SHARE.own);
        return { ...own, labels };
      },
      give: async (values, by) => void (await ask(SHARE.give, values, by)),
    },
    answered: (number) => {
      const request = queue.shift();
      if (request === undefined) return;
      // Copied before the next request takes the vector.
      const reads = request.verb === SHARE.read || request.verb === SHARE.own;
      request.resolve({ number, values: reads ? vector.slice() : NOTHING, giver: givers[0]! });
      begin();
    },
    lost: (error) => {
      gone = error;
      for (const request of queue.splice(0)) request.reject(error);
    },
  };
};
