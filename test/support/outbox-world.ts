import { Outbox } from '../../firmware/machines/outbox.ts';
import type { OutboxBounds, OutboxChunk, OutboxEffect, OutboxEntry } from '../../firmware/machines/outbox-parts.ts';

const text = new TextEncoder();

/** A disk that keeps what was written before a crash, and a broker that is there or not; both answer when told. */
export class OutboxWorld {
  readonly bounds: OutboxBounds;
  outbox: Outbox;
  now = 0;
  made = 0;
  window: number;
  connected = false;
  /** What reached the broker, in order of arrival, repeats included. */
  readonly arrived: number[] = [];
  readonly dropped = { bound: 0, refused: 0, damaged: 0 };
  /** Made, and in the memory of a process that crashed before they were written. */
  crashed = 0;
  readonly disk = new Map<number, { chunk: OutboxChunk; entries: readonly OutboxEntry[] }>();
  private inFlight: number[] = [];
  private pending: Extract<OutboxEffect, { kind: 'write' | 'read' }>[] = [];

  constructor(bounds: OutboxBounds, window: number) {
    this.bounds = bounds;
    this.window = window;
    this.outbox = new Outbox(bounds, []);
  }

  /** A new message: its payload is its number, filled up to a size. */
  add(bytes = 20): void {
    const payload = text.encode(String(this.made).padEnd(bytes, ' '));
    this.made += 1;
    this.run(this.outbox.add('t', payload, this.now));
  }

  connect(): void {
    if (this.connected) return;
    this.connected = true;
    this.run(this.outbox.connected(this.window));
  }

  /** @param heard how many of what is in flight the broker took although its acknowledgement got lost */
  disconnect(heard: number): void {
    if (!this.connected) return;
    this.connected = false;
    this.arrived.push(...this.inFlight.slice(0, heard).map((position) => this.numberAt(position)));
    this.inFlight = [];
    this.run(this.outbox.disconnected());
  }

  /** The broker takes and acknowledges so many of what is in flight. */
  acknowledge(count: number): void {
    for (const position of this.inFlight.splice(0, count)) {
      this.arrived.push(this.numberAt(position));
      this.run(this.outbox.delivered(position));
    }
  }

  /** The disk does what it was asked, or fails at it. */
  diskAnswers(ok: boolean): void {
    const effect = this.pending.shift();
    if (effect === undefined) return;
    if (effect.kind === 'write') {
      if (ok) this.disk.set(effect.chunk.first, { chunk: { ...effect.chunk }, entries: effect.entries });
      this.run(this.outbox.written(ok));
      return;
    }
    if (!ok) {
      this.run(this.outbox.read(null, this.now));
      return;
    }
    const found: OutboxEntry[] = [];
    for (const { first, count } of effect.chunks) {
      for (const [at, { entries }] of this.disk) if (at >= first && at < first + count) found.push(...entries);
    }
    this.run(this.outbox.read(found, this.now));
  }

  tick(ms: number): void {
    this.now += ms;
    this.run(this.outbox.tick(this.now));
  }

  /** kill -9 and a new process: of the memory nothing is left. @param landed the disk had done what it was doing */
  crash(landed = false): void {
    const [effect] = this.pending;
    if (landed && effect?.kind === 'write') {
      this.disk.set(effect.chunk.first, { chunk: { ...effect.chunk }, entries: effect.entries });
    }
    this.crashed += this.outbox.unwritten;
    this.connected = false;
    this.inFlight = [];
    this.pending = [];
    this.outbox = new Outbox(
      this.bounds,
      [...this.disk.values()].map(({ chunk }) => chunk),
    );
    this.entryOf.clear();
  }

  /** Until nothing waits any more. */
  drain(): void {
    this.connect();
    for (let steps = 0; this.outbox.entries > 0; steps++) {
      if (steps > 100_000) throw new Error(`${this.outbox.entries} entries never leave`);
      this.acknowledge(this.window);
      this.diskAnswers(true);
      this.tick(100);
    }
    while (this.pending.length > 0) this.diskAnswers(true);
  }

  private readonly entryOf = new Map<number, number>();

  private numberAt(position: number): number {
    return this.entryOf.get(position)!;
  }

  private run(effects: readonly OutboxEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          this.inFlight.push(effect.entry.position);
          this.entryOf.set(effect.entry.position, Number(new TextDecoder().decode(effect.entry.payload)));
          break;
        case 'remove':
          for (const { first, count } of effect.chunks) {
            for (const at of [...this.disk.keys()]) if (at >= first && at < first + count) this.disk.delete(at);
          }
          break;
        case 'dropped':
          this.dropped[effect.why] += effect.count;
          break;
        default:
          this.pending.push(effect);
      }
    }
    const inFlight = this.inFlight.length;
    if (inFlight > this.window) throw new Error(`${inFlight} in flight, ${this.window} allowed`);
  }
}
