import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Courier, startCourier } from '../../firmware/courier.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { readRecord, writeRecord } from '../../firmware/io/outbox-record.ts';
import { openOutboxStore } from '../../firmware/io/outbox-store.ts';
import { CHUNK_ENTRIES_MAX, type OutboxBounds } from '../../firmware/machines/outbox-parts.ts';
import { createVitals, type Vitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';
import { type Relay, startAedes, startRelay, type TestBroker } from '../support/brokers.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const ROOMY = { entriesMax: 1_000_000, bytesMax: 1e9 };
const retry = { firstMs: 1, mostMs: 4, stableMs: 10_000 };

/** A gateway's courier in front of a broker that can be cut off; its clock goes when it is told. */
interface Bench {
  readonly broker: TestBroker;
  readonly relay: Relay;
  readonly received: number[];
  readonly settled: { delivered: number; dropped: number };
  courier: Courier;
  mqtt: MqttPort;
  vitals: Vitals;
  now: number;
  /** Sends the next number. */
  make(count?: number): void;
  readonly made: number;
  pass(ms: number): void;
  /** Resolves when something that the sockets or the disk do has come true. */
  until(condition: () => boolean): Promise<void>;
  /** Ends this process's part of it, and starts another on the same state. */
  restart(bounds?: OutboxBounds): Promise<void>;
  close(): Promise<void>;
}

const bench = async (bounds: OutboxBounds = ROOMY): Promise<Bench> => {
  const broker = await startAedes({});
  const relay = await startRelay(broker.port);
  const state = await temporaryFolder();
  const received: number[] = [];
  broker.aedes.on('publish', (packet, client) => {
    if (client !== null) received.push(Number(packet.payload.toString()));
  });
  const settled = { delivered: 0, dropped: 0 };
  let made = 0;
  const start = async (limits: OutboxBounds) => {
    const vitals = createVitals(() => {});
    const mqtt = connectMqtt({ url: `mqtt://127.0.0.1:${relay.port}`, clientId: 'gateway', retry, connectMsMax: 100 });
    const store = await openOutboxStore(state, () => {});
    const courier = startCourier({
      ...{
        store,
        mqtt,
        bounds: limits,
        vitals,
        notice: () => {},
        clock: { monotonicMs: () => self.now, unixMs: () => 0 },
      },
      settled: (delivered, count) => {
        settled[delivered ? 'delivered' : 'dropped'] += count;
      },
    });
    return { vitals, mqtt, courier };
  };
  const self = {
    broker,
    relay,
    received,
    settled,
    now: 0,
    get made() {
      return made;
    },
    make: (count = 1) => {
      for (let i = 0; i < count; i++) {
        const payload = new TextEncoder().encode(String(made));
        made += 1;
        self.courier.send({ topic: 'mx/1/s/n/decision', payload, qos: 1, retain: false });
      }
    },
    pass: (ms: number) => {
      self.now += ms;
      self.courier.tick();
    },
    until: async (condition: () => boolean) => {
      while (!condition()) {
        await new Promise(setImmediate);
        self.pass(1);
      }
    },
    restart: async (limits: OutboxBounds = ROOMY) => {
      await self.courier.close();
      await self.mqtt.close();
      Object.assign(self, await start(limits));
    },
    close: async () => {
      await self.courier.close();
      await self.mqtt.close();
      await relay.close();
      await broker.close();
      await rm(state, { recursive: true });
    },
  } as Bench;
  Object.assign(self, await start(bounds));
  return self;
};

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
/** The gauge of what waits, which is set at every tick. */
const entries = (b: Bench): number => {
  b.pass(0);
  return b.vitals.counters.outboxEntries ?? -1;
};

/** In order and complete when repeats, which QoS 1 may bring after a cut, are left out. */
const expectAll = ({ received, made }: Bench): void => assert.equal([...new Set(received)], upTo(made));

const courier = suite<{ b: Bench }>('courier, over sockets and disk');
courier.after.each(({ b }) => b.close());

courier('a broker that is there gets everything once and in order, and nothing is written', async (context) => {
  context.b = await bench();
  const { b } = context;
  await b.mqtt.ready(5_000);
  b.make(3_000);
  await b.until(() => b.settled.delivered === 3_000);
  assert.equal(b.received, upTo(3_000));
  assert.is(entries(b), 0);
  // Written chunks come back as entries of the next run; there are none.
  await b.restart();
  b.pass(100);
  assert.is(entries(b), 0);
});

for (const mode of ['refuse', 'hang'] as const) {
  courier(`a broker that ${mode}s, then mends`, async (context) => {
    context.b = await bench();
    const { b } = context;
    b.relay.mode = mode;
    b.relay.reset();
    const faulty = new Promise<string>((resolve) => b.mqtt.onFault(resolve));
    for (let i = 0; i < 60; i++) {
      b.make(5);
      b.pass(200);
    }
    assert.match(await faulty, mode === 'hang' ? /does not answer/ : /cut the connection/);
    b.relay.mode = 'pass';
    b.relay.reset();
    await b.until(() => entries(b) === 0 && b.settled.delivered === b.made);
    expectAll(b);
  });
}

courier('resets in the middle of a stream, again and again', async (context) => {
  context.b = await bench();
  const { b } = context;
  await b.mqtt.ready(5_000);
  for (let cut = 0; cut < 12; cut++) {
    b.make(200);
    const enough = b.received.length + 37;
    await b.until(() => b.received.length >= enough);
    b.relay.reset();
    b.make(50);
    await b.until(() => b.mqtt.deliveryWindow === 0);
  }
  await b.until(() => b.settled.delivered === b.made);
  expectAll(b);
  assert.is(b.settled.dropped, 0);
});

courier('away for a minute, with a restart in the middle: everything follows before what is newer', async (context) => {
  context.b = await bench();
  const { b } = context;
  b.relay.mode = 'refuse';
  for (let second = 0; second < 60; second++) {
    b.make(25);
    b.pass(1_000);
    if (second === 30) await b.restart();
  }
  b.relay.mode = 'pass';
  await b.until(() => b.mqtt.deliveryWindow > 0);
  b.make(100);
  await b.until(() => b.settled.delivered === b.made);
  assert.equal(b.received, upTo(1_600));
});

courier('away for a virtual day: what the bound allows follows, and what it does not is counted', async (context) => {
  context.b = await bench({ entriesMax: 50_000, bytesMax: 1e9 });
  const { b } = context;
  b.relay.mode = 'refuse';
  // A day at one a second, looked at every minute: as many entries, fewer turns of the loop.
  for (let minute = 0; minute < 24 * 60; minute++) {
    b.make(60);
    b.pass(60_000);
    await new Promise(setImmediate);
  }
  const dropped = 24 * 3_600 - 50_000;
  assert.ok(b.settled.dropped >= dropped && b.settled.dropped < dropped + 512, `${b.settled.dropped} dropped`);
  assert.match(b.vitals.health.outbox!, /the outbox is full/);
  b.relay.mode = 'pass';
  await b.until(() => b.settled.delivered + b.settled.dropped === b.made);
  const { outboxDropped } = b.vitals.counters;
  assert.is(outboxDropped, b.settled.dropped);
  assert.equal(b.received, upTo(b.made - b.settled.dropped, b.settled.dropped));
  b.pass(120_000);
  assert.is(b.vitals.health.outbox, undefined);
});

courier('at the end what is not acknowledged is on disk, and the next run sends it first', async (context) => {
  context.b = await bench();
  const { b } = context;
  b.relay.mode = 'refuse';
  b.make(10);
  await b.restart();
  b.make(10);
  b.relay.mode = 'pass';
  await b.until(() => b.settled.delivered === 20);
  assert.equal(b.received, upTo(20));
});

courier('a source that can wait is asked to while the broker lags, and never while it is away', async (context) => {
  context.b = await bench();
  const { b } = context;
  assert.is(b.courier.room(), null);
  await b.mqtt.ready(5_000);
  b.make(2_000);
  const room = b.courier.room();
  assert.ok(room !== null);
  await room;
  assert.ok(b.settled.delivered >= 2_000 - 256, `${b.settled.delivered}`);
});

const store = suite('outbox on disk');

store('is not there before the first write; reads back what it wrote, neighbours together, and forgets', async () => {
  const state = await temporaryFolder();
  const open = () => openOutboxStore(state, () => {});
  const first = await open();
  await first.close();
  assert.not.ok(existsSync(join(state, 'outbox')));
  const entry = (position: number) => ({ position, topic: 't/ü', payload: Uint8Array.of(position, 0, 255) });
  const second = await open();
  await second.write({ first: 7, count: 2, bytes: 6 }, [entry(7), entry(8)]);
  await second.write({ first: 9, count: 1, bytes: 3 }, [entry(9)]);
  await second.write({ first: 10, count: 1, bytes: 3 }, [entry(10)]);
  const full = Array.from({ length: CHUNK_ENTRIES_MAX }, (_, i) => entry(100 + i));
  await second.write({ first: 100, count: full.length, bytes: 3 * full.length }, full);
  await second.close();
  const third = await open();
  assert.equal(third.chunks, [
    { first: 7, count: 2, bytes: 6 },
    { first: 9, count: 1, bytes: 3 },
    { first: 10, count: 1, bytes: 3 },
    { first: 100, count: CHUNK_ENTRIES_MAX, bytes: 3 * CHUNK_ENTRIES_MAX },
  ]);
  assert.equal(await third.read(third.chunks.slice(3)), full);
  assert.equal(await third.read([{ first: 7, count: 3, bytes: 9 }]), [7, 8, 9].map(entry));
  await third.remove([{ first: 7, count: 3, bytes: 9 }]);
  await third.close();
  const fourth = await open();
  assert.equal(
    fourth.chunks.map(({ first }) => first),
    [10, 100],
  );
  await fourth.close();
});

store('a value of today is read by every later version; one that was damaged is not', async () => {
  const codec = createCodec();
  const entries = [
    { position: 7, topic: 'mx/1/plant/pump-3/decision', payload: Uint8Array.of(1, 2, 3) },
    { position: 8, topic: 'mx/1/plant/pump-3/decision', payload: Uint8Array.of(0, 255) },
  ];
  const path = fileURLToPath(new URL('../vectors/outbox-v1.json', import.meta.url));
  const { hex } = JSON.parse(readFileSync(path, 'utf8')) as { hex: string };
  const golden = Buffer.from(hex, 'hex');
  const chunk = { first: 7, count: 2, bytes: 5 };
  assert.equal(readRecord(codec, chunk, golden), entries);
  assert.equal(readRecord(codec, chunk, writeRecord(codec, entries)), entries);
  for (let at = 0; at < golden.length; at++) {
    const damaged = Buffer.from(golden);
    damaged[at]! ^= 1;
    assert.equal(readRecord(codec, chunk, damaged), []);
    assert.equal(readRecord(codec, chunk, golden.subarray(0, at)), []);
  }
  assert.equal(readRecord(codec, { ...chunk, count: 3 }, golden), [], 'not what its key says');
});

courier.run();
store.run();
