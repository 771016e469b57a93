import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { type Broker, startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import type { OutgoingMessage } from '../../firmware/machines/outgoing-message.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const message = (topic: string, text: string, options: Partial<OutgoingMessage> = {}): OutgoingMessage => {
  return { topic, payload: bytes(text), qos: 0, retain: false, ...options };
};

/** Collects what arrives, and lets a test wait for the n-th message. */
function inbox() {
  const received: string[] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  return {
    received,
    handler: (topic: string, payload: Uint8Array): void => {
      received.push(`${topic}=${new TextDecoder().decode(payload)}`);
      for (const { count, resolve } of waiters) if (received.length >= count) resolve();
    },
    arrived: (count: number): Promise<void> =>
      new Promise((resolve) => {
        waiters.push({ count, resolve });
        if (received.length >= count) resolve();
      }),
  };
}

const wire = suite<{
  broker: Broker;
  open: MqttPort[];
  connect: (id: string, will?: OutgoingMessage) => Promise<MqttPort>;
}>('broker and client, over sockets');

wire.before.each(async (context) => {
  context.broker = await startBroker({ port: 0 });
  context.open = [];
  context.connect = async (clientId, will) => {
    const port = connectMqtt({ url: context.broker.url, clientId, ...(will === undefined ? {} : { will }) });
    context.open.push(port);
    await port.ready(5_000);
    return port;
  };
});

wire.after.each(async ({ broker, open }) => {
  await Promise.all(open.map((port) => port.close()));
  await broker.close();
});

wire('what one publishes, the other receives, QoS 0 and 1, bytes unchanged', async ({ connect }) => {
  const [sender, reader] = [await connect('sender'), await connect('reader')];
  const { handler, arrived, received } = inbox();
  await reader.subscribe('mx/1/+/+/decision', handler);
  assert.ok(sender.publish(message('mx/1/s/n/decision', 'zero')));
  assert.ok(sender.publish(message('mx/1/s/n/label', 'not asked for')));
  assert.ok(sender.publish(message('mx/1/s/n/decision', 'one', { qos: 1 })));
  await arrived(2);
  assert.equal(received.sort(), ['mx/1/s/n/decision=one', 'mx/1/s/n/decision=zero']);
  assert.is(sender.published, 3);
});

wire(
  'presence is there for who comes later, and the will replaces it when the socket dies',
  async ({ broker, connect }) => {
    const topic = 'mx/1/s/n/presence';
    // The node speaks through a relay, so that its connection can die without a goodbye.
    const sockets: Socket[] = [];
    const relay = createServer((inner) => {
      const outer = connectTcp(broker.port, '127.0.0.1');
      sockets.push(inner, outer);
      for (const socket of [inner, outer]) socket.on('error', () => {});
      inner.pipe(outer).pipe(inner);
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const address = relay.address();
    const relayPort = typeof address === 'object' && address !== null ? address.port : 0;
    const will = message(topic, 'offline', { qos: 1, retain: true });
    const node = connectMqtt({ url: `mqtt://127.0.0.1:${relayPort}`, clientId: 'node', will });
    await node.ready(5_000);
    node.publish(message(topic, 'online', { qos: 1, retain: true }));

    const early = inbox();
    await (await connect('early')).subscribe(topic, early.handler);
    await early.arrived(1);
    relay.close();
    for (const socket of sockets) socket.destroy();
    await early.arrived(2);
    assert.equal(early.received, [`${topic}=online`, `${topic}=offline`]);

    const late = inbox();
    await (await connect('late')).subscribe(topic, late.handler);
    await late.arrived(1);
    assert.equal(late.received, [`${topic}=offline`], 'the will is retained');
    await node.close();
  },
);

wire('after a goodbye the broker keeps the will to itself', async ({ connect }) => {
  const watcher = await connect('watcher');
  const { handler, received } = inbox();
  await watcher.subscribe('#', handler);
  const node = await connect('node', message('gone', 'will'));
  await node.close();
  // A later message on the same connection is the proof that nothing came before it.
  const after = inbox();
  await watcher.subscribe('after', after.handler);
  watcher.publish(message('after', '1', { qos: 1 }));
  await after.arrived(1);
  assert.equal(received, ['after=1']);
});

wire(
  'while the broker is away QoS 0 is dropped and counted, QoS 1 is kept and delivered',
  async ({ broker, connect }) => {
    const sender = await connect('sender');
    const lost = new Promise<void>((resolve) => sender.onDisconnect(resolve));
    await broker.close();
    await lost;
    assert.not.ok(sender.publish(message('t', 'dropped')));
    assert.is(sender.unpublished, 1);
    assert.ok(sender.publish(message('t', 'kept', { qos: 1, retain: true })));

    const again = await startBroker({ port: broker.port });
    const reader = connectMqtt({ url: again.url, clientId: 'reader' });
    try {
      await reader.ready(5_000);
      const { handler, arrived, received } = inbox();
      await reader.subscribe('t', handler);
      await arrived(1);
      assert.equal(received, ['t=kept']);
    } finally {
      await Promise.all([reader.close(), sender.close()]);
      await again.close();
    }
  },
);

wire('subscriptions and onConnect are renewed with the connection', async ({ broker, connect }) => {
  const reader = await connect('reader');
  const { handler, arrived } = inbox();
  await reader.subscribe('t', handler);
  let connections = 0;
  const twice = new Promise<void>((resolve) =>
    reader.onConnect(() => {
      connections += 1;
      if (connections === 2) resolve();
    }),
  );
  assert.is(connections, 1, 'at once when connected already');
  await broker.close();
  const again = await startBroker({ port: broker.port });
  try {
    await twice;
    const sender = connectMqtt({ url: again.url, clientId: 'sender' });
    await sender.ready(5_000);
    sender.publish(message('t', 'hello', { qos: 1, retain: true }));
    await arrived(1);
    await sender.close();
  } finally {
    await again.close();
  }
});

wire('2,000 messages sent at once with QoS 1: what is taken arrives, what is not is counted', async ({ connect }) => {
  const [sender, reader] = [await connect('sender'), await connect('reader')];
  const { handler, arrived, received } = inbox();
  await reader.subscribe('burst', handler);
  let taken = 0;
  for (let i = 0; i < 2_000; i++) taken += sender.publish(message('burst', String(i), { qos: 1 })) ? 1 : 0;
  assert.is(taken + sender.unpublished, 2_000);
  assert.is(taken, 1_024);
  await arrived(taken);
  assert.equal(
    received,
    Array.from({ length: taken }, (_, i) => `burst=${i}`),
  );
});

const faults = suite('broker and client: faults of the world');

const codeOf = async (action: () => unknown): Promise<string> => {
  try {
    await action();
    return 'none';
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    assert.not.match(error.message, /\n/);
    return error.code;
  }
};

faults('a port in use', async () => {
  const broker = await startBroker({ port: 0 });
  assert.is(await codeOf(() => startBroker({ port: broker.port })), 'portInUse');
  await broker.close();
});

faults('no broker', async () => {
  const broker = await startBroker({ port: 0 });
  await broker.close();
  const port = connectMqtt({ url: broker.url, clientId: 'lonely' });
  assert.is(await codeOf(() => port.ready(50)), 'brokerUnreachable');
  await port.close();
});

faults('not a URL', async () => {
  for (const url of ['', 'localhost', 'http://localhost', 'mqtt://', 'mqtt:/x', 'mqtt://h:99999', 'mqtt://h:1x']) {
    assert.is(await codeOf(() => connectMqtt({ url, clientId: 'x' })), 'brokerUrl', url);
  }
});

wire.run();
faults.run();
