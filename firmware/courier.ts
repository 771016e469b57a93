import { errorMessage } from './errors.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import type { OutboxStore } from './io/outbox-store.ts';
import { Outbox } from './machines/outbox.ts';
import { AHEAD_LOW, type OutboxBounds, type OutboxEffect, type OutboxEntry } from './machines/outbox-parts.ts';
import type { OutgoingMessage } from './machines/outgoing-message.ts';
import { until } from './pause.ts';
import type { Vitals } from './vitals.ts';

/** At the end: until what is in flight is acknowledged, and until what is not has reached the disk. */
const SETTLE_MS_MAX = 500;
const CLOSE_MS_MAX = 1_000;
/** A disk that cannot be read so many times in a row, one tick apart, has lost what is asked for. */
const READS_MAX = 50;
/** A trouble that has not come back for so long is over. */
const WELL_AFTER_MS = 60_000;

export interface CourierParts {
  readonly store: OutboxStore;
  readonly mqtt: MqttPort;
  readonly bounds: OutboxBounds;
  readonly vitals: Vitals;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
  /** So many messages reached the broker, or were given up. */
  readonly settled: (delivered: boolean, count: number) => void;
}

/** Brings messages to the broker, each once and in order, however long it is away. */
export interface Courier {
  send(message: OutgoingMessage): void;
  /** About every 100 ms: what is due, and gauges. */
  tick(): void;
  /** Resolves when a source that can wait may go on: the broker keeps up, or is away. */
  room(): Promise<void> | null;
  /** Waits for acknowledgements that are due in a moment; what is missing then goes to disk. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export const startCourier = (parts: CourierParts): Courier => {
  const { store, mqtt, vitals, clock, bounds } = parts;
  const outbox = new Outbox(bounds, store.chunks);
  const outage = createOutage(parts, outbox);
  let connected = false;
  let unread = 0;
  /** What the disk was asked for and has not answered. */
  const asked = new Set<Promise<void>>();
  const ask = (work: Promise<void>): void => {
    asked.add(work);
    void work.finally(() => asked.delete(work));
  };

  const deliver = (entry: OutboxEntry): void => {
    const { position, topic, payload } = entry;
    const taken = mqtt.deliver({ topic, payload, qos: 1, retain: false }, (how) => {
      if (how === 'returned') return disconnected();
      if (how === 'delivered') parts.settled(true, 1);
      run(how === 'delivered' ? outbox.delivered(position) : outbox.refused(position));
    });
    if (!taken) disconnected();
  };

  const disconnected = (): void => {
    if (!connected) return;
    connected = false;
    run(outbox.disconnected());
  };

  const write = (effect: Extract<OutboxEffect, { kind: 'write' }>): void => {
    const written = store.write(effect.chunk, effect.entries).then(
      () => {
        vitals.well('outbox.storage');
        run(outbox.written(true));
      },
      (error: unknown) => {
        vitals.trouble('outbox.storage', `decisions wait in memory, as they cannot be written: ${errorMessage(error)}`);
        run(outbox.written(false));
      },
    );
    ask(written);
  };

  const read = (effect: Extract<OutboxEffect, { kind: 'read' }>): void => {
    const read = store.read(effect.chunks).then(
      (entries) => {
        unread = 0;
        run(outbox.read(entries, clock.monotonicMs()));
      },
      (error: unknown) => {
        vitals.trouble('outbox.storage', `decisions on disk cannot be read: ${errorMessage(error)}; check the disk`);
        unread += 1;
        run(outbox.read(unread < READS_MAX ? null : [], clock.monotonicMs()));
      },
    );
    ask(read);
  };

  const run = (effects: readonly OutboxEffect[]): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          deliver(effect.entry);
          break;
        case 'write':
          write(effect);
          break;
        case 'read':
          read(effect);
          break;
        case 'remove':
          // What stays although it was sent is sent again after a restart, as after a crash.
          ask(store.remove(effect.chunks).catch(() => vitals.count('outboxUnremoved')));
          break;
        case 'dropped':
          outage.dropped(effect.count, effect.why);
          break;
      }
    }
  };

  const tick = (): void => {
    run(outbox.tick(clock.monotonicMs()));
    outage.look(connected);
  };

  mqtt.onConnect(() => {
    connected = true;
    run(outbox.connected(mqtt.deliveryWindow));
  });
  mqtt.onDisconnect(disconnected);

  return {
    send: ({ topic, payload }) => run(outbox.add(topic, payload, clock.monotonicMs())),
    tick,
    room: () =>
      connected && outbox.entries > AHEAD_LOW ? until(() => !connected || outbox.entries <= AHEAD_LOW) : null,
    settle: async () => {
      await until(() => !connected || outbox.unwritten === 0, SETTLE_MS_MAX);
      tick();
    },
    close: async () => {
      // A disk that fails now will not be better in a second. What was sent is to be gone from it, or it is sent again.
      const failing = () => vitals.health['outbox.storage'] !== undefined;
      const done = () => asked.size === 0 && (outbox.unwritten === 0 || failing());
      const flushed = () => {
        if (done()) return true;
        run(outbox.flush());
        return false;
      };
      await until(flushed, CLOSE_MS_MAX);
      await store.close();
    },
  };
};

/** Says once an outage what a person should know of it. */
const createOutage = ({ vitals, notice, settled, clock }: CourierParts, outbox: Outbox) => {
  let lost = 0;
  let lostMs = 0;
  let waiting = 0;
  return {
    dropped: (count: number, why: 'bound' | 'refused' | 'damaged'): void => {
      settled(false, count);
      vitals.count('outboxDropped', count);
      lost += count;
      lostMs = clock.monotonicMs();
      vitals.trouble('outbox', TROUBLES[why]);
    },
    /** Gauges, and what an outage has cost, when it is over. */
    look: (connected: boolean): void => {
      vitals.set('outboxEntries', outbox.entries);
      vitals.set('outboxBytes', outbox.bytes);
      if (!connected) waiting = Math.max(waiting, outbox.entries);
      else if (waiting > 0 && outbox.entries < AHEAD_LOW) {
        notice(`the broker is back: up to ${waiting} decisions waited for it and have followed, ${lost} were dropped`);
        waiting = 0;
      }
      if (!connected || clock.monotonicMs() - lostMs < WELL_AFTER_MS) return;
      lost = 0;
      vitals.well('outbox');
    },
  };
};

const TROUBLES = {
  bound: 'the outbox is full, and the oldest decisions are dropped (counter outboxDropped): bring the broker back',
  refused: "the broker refuses this node's decisions: allow them (myrmexctl broker acl prints what a node needs)",
  damaged: 'a part of the outbox on disk was damaged, and its decisions are lost: check the disk',
} as const;
