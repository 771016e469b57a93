import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { PacketGuard } from '../../firmware/machines/packet-guard.ts';

/** CONNECT, protocol level 4, clean session, no keep-alive, client id "raw" (MQTT 3.1.1 §3.1). */
const CONNECT = Uint8Array.of(0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 3, 0x72, 0x61, 0x77);
/** SUBSCRIBE to # with QoS 0 (§3.8). */
const SUBSCRIBE_ALL = Uint8Array.of(0x82, 6, 0, 1, 0, 1, 0x23, 0);
const CONNACK_AND_SUBACK_BYTES = 9;

/** A client that speaks bytes. */
async function rawClient(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** However the connection ends: `once` would reject when it ends with a reset. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const broker = suite('broker: clients that misbehave');

broker('a subscriber that stops reading holds up nobody', async () => {
  const { url, port, close } = await startBroker({ port: 0 });
  const frozen = await rawClient(port);
  let answered = 0;
  frozen.write(CONNECT);
  frozen.write(SUBSCRIBE_ALL);
  for await (const chunk of frozen.iterator({ destroyOnReturn: false })) {
    answered += (chunk as Buffer).length;
    if (answered >= CONNACK_AND_SUBACK_BYTES) break;
  }
  frozen.pause();

  const client = connectMqtt({ url, clientId: 'brisk' });
  await client.ready(5_000);
  const messages = 800;
  const payload = new Uint8Array(16_384);
  let [received, longestMs, last] = [0, 0, performance.now()];
  await new Promise<void>((resolve, reject) => {
    const next = (): void => {
      if (!client.publish({ topic: 't', payload, qos: 0, retain: false })) reject(new Error('not sent'));
    };
    const arrived = (): void => {
      received += 1;
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
      if (received === messages) resolve();
      else next();
    };
    client.subscribe('t', arrived).then(next, reject);
  });
  // 13 MB went past a reader that took none of it. A broker that waits for it would stand still for seconds.
  assert.ok(longestMs < 2_500, `one message took ${longestMs.toFixed(0)} ms`);
  frozen.destroy();
  await client.close();
  await close();
});

broker('a packet that announces 256 MB is cut before it is collected', async () => {
  const { port, close } = await startBroker({ port: 0 });
  const hostile = await rawClient(port);
  hostile.write(CONNECT);
  await once(hostile, 'data');
  const closed = ended(hostile);
  hostile.write(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f));
  hostile.write(new Uint8Array(100_000));
  await closed;
  await close();
});

broker('bytes that are no MQTT do not harm it', async () => {
  const { url, port, close } = await startBroker({ port: 0 });
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(1_000), '\x10\x80\x80\x80\x80\x80', '\x30\x03ab']) {
    const stranger = await rawClient(port);
    const closed = ended(stranger);
    stranger.end(bytes, 'latin1');
    stranger.resume();
    await closed;
  }
  const client = connectMqtt({ url, clientId: 'proper' });
  await client.ready(5_000);
  await client.close();
  await close();
});
broker('bursts of questions, each answered in the burst it came in, lose no answer', async () => {
  // PUBACKs and answers then arrive in chunks while the broker is still busy with the chunk before.
  const { url, close } = await startBroker({ port: 0 });
  const [asking, answering] = [connectMqtt({ url, clientId: 'asking' }), connectMqtt({ url, clientId: 'answering' })];
  await Promise.all([asking.ready(5_000), answering.ready(5_000)]);
  const payload = new Uint8Array(200);
  await answering.subscribe('question', () => {
    answering.publish({ topic: 'answer', payload, qos: 1, retain: false });
  });
  let missing = 0;
  let arrived = (): void => {};
  await asking.subscribe('answer', () => {
    missing -= 1;
    if (missing === 0) arrived();
  });
  for (let round = 0; round < 20; round++) {
    missing = 20;
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    for (let i = 0; i < 20; i++) asking.publish({ topic: 'question', payload, qos: 1, retain: false });
    await all;
  }
  await Promise.all([asking.close(), answering.close()]);
  await close();
});

broker.run();

const guard = suite('packet guard');

/** A packet with a body of `length` bytes. */
function packet(length: number): Uint8Array {
  const header = [0x30];
  let rest = length;
  do {
    header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from([...header, ...new Uint8Array(length).fill(0xff)]);
}

guard('the bound is allowed, one more is not, however the stream is cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 300 }), { maxLength: 8 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 50 }),
      (lengths, tooLarge, piece) => {
        const packets = lengths.map((length) => packet(length));
        const stream = Buffer.concat([...packets, packet(tooLarge ? 301 : 300)]);
        const guarded = new PacketGuard(300);
        let accepted = true;
        for (let at = 0; at < stream.length; at += piece) accepted &&= guarded.accepts(stream.subarray(at, at + piece));
        assert.is(accepted, !tooLarge);
      },
    ),
    { seed: 8, numRuns: 300 },
  );
});

guard('a length of five bytes is no length', () => {
  assert.not.ok(new PacketGuard(1e9).accepts(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01)));
  assert.ok(new PacketGuard(1e9).accepts(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f)));
});
guard.run();
