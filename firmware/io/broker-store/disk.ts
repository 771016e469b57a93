import { errorMessage } from '../../errors.ts';

/** What the disk needs of LevelDB. */
export interface BatchDatabase {
  /** All or nothing; with `sync`, resolves once the bytes survive power loss. */
  write(writes: ReadonlyMap<string, Uint8Array | null>, sync: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface DiskOptions {
  readonly database: BatchDatabase;
  /** Opens the database again after a failed write. */
  readonly reopen: () => Promise<BatchDatabase>;
  /** Runs `task` once, after `ms`. */
  readonly schedule: (task: () => void, ms: number) => void;
  /** A write has failed; everything that wants to be durable is refused until `recovered`. */
  readonly failed: (reason: string) => void;
  readonly recovered: () => void;
  /** Bytes of keys and values, per batch. */
  readonly wrote: (bytes: number) => void;
}

/** What nobody waits for rides with what somebody does, or goes alone after this. */
const LAZY_MS = 20;
/** Between attempts to open a failed database again: doubled each time, up to the second figure. */
const REOPEN_MS = 500;
const REOPEN_MS_MAX = 30_000;

type Done = (error: Error | null) => void;

/**
 * Group commit: one atomic batch at a time, with one fsync when somebody waits for it; what arrives during an fsync
 * shares the next one. Only the last write of a key is kept while it waits, so what waits is bounded by what is stored.
 *
 * After a failed write the log of LevelDB may end in half a record, after which nothing can be trusted: the database is
 * opened again, and everything that has not been written by then follows.
 */
export class Disk {
  private pending = new Map<string, Uint8Array | null>();
  private waiting: Done[] = [];
  private database: BatchDatabase | null;
  private running: Promise<void> | null = null;
  private lazy = false;
  private closing = false;
  private readonly options: DiskOptions;

  constructor(options: DiskOptions) {
    this.options = options;
    this.database = options.database;
  }

  /** False from a failed write until the database is open again, and from its end. */
  get well(): boolean {
    return this.database !== null && !this.closing;
  }

  put(key: string, value: Uint8Array): void {
    this.pending.set(key, value);
    this.begin();
  }

  remove(key: string): void {
    this.pending.set(key, null);
    this.begin();
  }

  /**
   * Calls back when everything put or removed so far is durable, or with the reason why it is not. Each call comes in a
   * turn of the event loop of its own, in order: aedes drops a message as a duplicate when one that it numbered later
   * overtakes it between two promises, and in one turn they would race.
   */
  durable(done: Done): void {
    if (!this.well) {
      setImmediate(done, new Error('the disk cannot be written to'));
      return;
    }
    this.waiting.push(done);
    this.start();
  }

  /** As `durable`. */
  flushed(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.durable((error) => {
        if (error === null) resolve();
        else reject(error);
      }),
    );
  }

  /** Writes what waits, as far as the disk allows, and closes the database. */
  async close(): Promise<void> {
    if (this.well && this.pending.size > 0) await this.flushed().catch(() => {});
    this.closing = true;
    while (this.running !== null) await this.running;
    await this.database?.close();
  }

  private begin(): void {
    if (this.lazy || this.running !== null || !this.well) return;
    this.lazy = true;
    this.options.schedule(() => {
      this.lazy = false;
      if (this.well) this.start();
    }, LAZY_MS);
  }

  /** After this turn: what else it brings shares the batch. */
  private start(): void {
    this.running ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.run());
  }

  private async run(): Promise<void> {
    do {
      const { database, pending: writes, waiting } = this;
      if (database === null) break;
      this.pending = new Map();
      this.waiting = [];
      try {
        if (writes.size > 0) await database.write(writes, waiting.length > 0);
        this.options.wrote(bytesOf(writes));
        for (const done of waiting) setImmediate(done, null);
      } catch (error) {
        this.fail(database, writes, waiting, error);
      }
    } while (this.waiting.length > 0);
    this.running = null;
    if (this.pending.size > 0) this.begin();
  }

  private fail(database: BatchDatabase, writes: Map<string, Uint8Array | null>, waiting: Done[], cause: unknown): void {
    this.database = null;
    for (const [key, value] of writes) if (!this.pending.has(key)) this.pending.set(key, value);
    this.options.failed(errorMessage(cause));
    const error = new Error(`not stored: ${errorMessage(cause)}`, { cause });
    for (const done of [...waiting, ...this.waiting]) setImmediate(done, error);
    this.waiting = [];
    const closed = database.close().catch(() => {});
    const again = (ms: number): void =>
      this.options.schedule(async () => {
        if (this.closing) return;
        await closed;
        try {
          await this.recover();
        } catch {
          again(Math.min(2 * ms, REOPEN_MS_MAX));
        }
      }, ms);
    again(REOPEN_MS);
  }

  /** The disk is well again when everything that could not be written has been. */
  private async recover(): Promise<void> {
    const database = await this.options.reopen();
    const writes = this.pending;
    this.pending = new Map();
    try {
      if (writes.size > 0) await database.write(writes, true);
    } catch (error) {
      for (const [key, value] of writes) if (!this.pending.has(key)) this.pending.set(key, value);
      await database.close().catch(() => {});
      throw error;
    }
    if (this.closing) {
      await database.close();
      return;
    }
    this.database = database;
    this.options.recovered();
    if (this.pending.size > 0) this.begin();
  }
}

const bytesOf = (writes: ReadonlyMap<string, Uint8Array | null>): number => {
  let bytes = 0;
  for (const [key, value] of writes) bytes += key.length + (value?.length ?? 0);
  return bytes;
};
