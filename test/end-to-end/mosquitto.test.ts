import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readEnvelope } from '../../protocols/envelope.ts';
import { gossipTopic, topicName } from '../../protocols/topics.ts';
import { parseWindowId } from '../../protocols/window-id.ts';
import { aclOf } from '../../tools/broker/acl.ts';
import { rightsOf } from '../../tools/broker/rights.ts';
import { revoke } from '../../tools/fleet/revoke.ts';
import { createTestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { mosquittoPresent, passwordFile, startMosquitto } from '../support/mosquitto.ts';
import { myrmex, type Program } from './programs.ts';

const { site, node } = demoConfiguration;
const codec = createCodec();
const text = new TextEncoder();

interface Bench {
  readonly close: (() => Promise<unknown>)[];
}

const mosquitto = suite<Bench>('Mosquitto, with node processes');
mosquitto.before.each((context) => {
  Object.assign(context, { close: [] });
});
mosquitto.after.each(async ({ close }) => {
  for (const one of close.reverse()) await one();
});

const absent = mosquittoPresent() ? null : 'mosquitto';
const test = (name: string, body: (context: Bench) => Promise<void>): void => {
  if (absent === null) mosquitto(name, body);
  else mosquitto.skip(`${name}: ${absent} is not installed`);
};
if (absent !== null) console.log(`skipped: everything about Mosquitto: ${absent} is not installed`);

/** Runs a node on a broker, until it decides. */
const start = async (close: Bench['close'], broker: object): Promise<Program> => {
  const folder = await temporaryFolder();
  const { labeller: _, ...quiet } = demoConfiguration;
  const config = join(folder, 'node.json');
  await writeFile(config, JSON.stringify({ ...quiet, state: join(folder, 'state'), broker }));
  const program = myrmex('run', '--config', config);
  close.push(async () => {
    program.process.kill('SIGTERM');
    await program.ended;
  });
  return program;
};

const connect = async (close: Bench['close'], options: Parameters<typeof connectMqtt>[0]): Promise<MqttPort> => {
  const port = connectMqtt({ retry: { firstMs: 20, mostMs: 50, stableMs: 10_000 }, ...options });
  close.push(() => port.close());
  await port.ready(10_000);
  return port;
};

/** Indices of the windows decided, as they arrive, repeats left out. */
const decisions = async (port: MqttPort) => {
  const indices: number[] = [];
  const seen = new Set<number>();
  const waiters: { count: number; resolve: () => void }[] = [];
  await port.subscribe(topicName(site, node, 'decision'), (_topic, payload) => {
    const envelope = readEnvelope(codec, payload);
    if (!envelope.ok) throw new Error(envelope.reason);
    const { index } = parseWindowId((envelope.value.body as { window: string }).window)!;
    if (!seen.has(index)) indices.push(index);
    seen.add(index);
    for (const { count, resolve } of waiters) if (indices.length >= count) resolve();
  });
  const arrived = (count: number): Promise<void> =>
    new Promise((resolve) => {
      waiters.push({ count, resolve });
      if (indices.length >= count) resolve();
    });
  return { indices, arrived };
};

const NOTHING = { window: 'no', status: 'answer' };

const consecutive = (indices: readonly number[]): void =>
  assert.equal(
    indices,
    indices.map((_, i) => indices[0]! + i),
  );

/** MQTT 3.1.1; CI asks for both. */
const VERSIONS = (process.env.MYRMEX_TEST_MQTT ?? '4').split(',').map((version) => (version === '5' ? 5 : 4));

test('plain: killed and back, no decision is missing and none out of order', async ({ close }) => {
  const broker = await startMosquitto(['allow_anonymous true']);
  close.push(broker.stop);
  const url = `mqtt://127.0.0.1:${broker.port}`;
  for (const protocolVersion of VERSIONS) {
    const program = await start(close, { url, protocolVersion, prefix: `v${protocolVersion}` });
    const watcher = await connect(close, {
      url,
      prefix: `v${protocolVersion}`,
      clientId: `watcher-${protocolVersion}`,
    });
    const { indices, arrived } = await decisions(watcher);
    await arrived(10);
    await broker.kill();
    const during = indices.length;
    await program.said(/nothing listens on this port; start it/);
    await broker.start();
    // The watcher of this test is back before the node is: its first wait is a fraction of a second, the node's is not.
    await watcher.ready(10_000);
    await arrived(during + 30);
    consecutive(indices);
    await program.said(/the broker is back: up to \d+ decisions waited for it and have followed, 0 were dropped/);
    program.process.kill('SIGTERM');
    assert.is(await program.ended, 0, program.stderr());
  }
});

test('passwords and the access list: what is meant passes, a foreign topic does not', async ({ close }) => {
  const users = { 'demo-gateway-1': 'ant', anna: 'queen', thief: 'fly' };
  const secrets = await temporaryFolder();
  await writeFile(join(secrets, 'right'), 'ant\n');
  await writeFile(join(secrets, 'wrong'), 'bee\n');
  const remote = { url: 'mqtt://broker.invalid', username: 'demo-gateway-1' };
  const { labeller: _, ...quiet } = demoConfiguration;
  const rights = rightsOf({ ...quiet, broker: remote, views: { homeAssistant: true } });
  await writeFile(
    join(secrets, 'acl'),
    aclOf({
      site,
      prefix: null,
      nodes: [rights, { ...rights, node: 'other', username: 'thief' }],
      operators: ['anna'],
      viewers: [],
    }),
  );
  const broker = await startMosquitto([
    ...['allow_anonymous false', `password_file ${await passwordFile(users)}`],
    `acl_file ${join(secrets, 'acl')}`,
  ]);
  close.push(broker.stop);
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const refused = await start(close, { ...remote, url, passwordFile: join(secrets, 'wrong') });
  await refused.said(/does not let this user in; check username, passwordFile or certificate/);
  await start(close, { ...remote, url, passwordFile: join(secrets, 'right') });

  const anna = await connect(close, { url, clientId: 'anna', username: 'anna', password: 'queen' });
  const { indices, arrived } = await decisions(anna);
  await arrived(5);
  consecutive(indices);
  const answer = new Promise<string>((resolve) => {
    void anna.subscribe(topicName(site, node, 'label/ack'), (_topic, payload) => {
      const envelope = readEnvelope(codec, payload);
      const { window, status } = envelope.ok ? (envelope.value.body as { window: string; status: string }) : NOTHING;
      resolve(`${window} ${status}`);
    });
  });
  const label = (from: MqttPort, window: string): void => {
    const payload = text.encode(JSON.stringify({ window, label: 'imbalance' }));
    from.publish({ topic: topicName(site, node, 'label'), payload, qos: 1, retain: false });
  };
  // Another gateway's password opens neither labels nor the voice of this one.
  const thief = await connect(close, { url, clientId: 'thief', username: 'thief', password: 'fly' });
  label(thief, `1-${indices[0]}`);
  const forged = {
    topic: topicName(site, node, 'decision'),
    payload: text.encode('forged'),
    qos: 1,
    retain: false,
  } as const;
  thief.publish(forged);
  // Mosquitto takes every subscription, and delivers nothing that may not be read.
  let overheard = 0;
  await thief.subscribe(topicName(site, node, 'decision'), () => {
    overheard += 1;
  });
  // A barrier: what the thief sent before this has been dealt with when this has arrived.
  const own = topicName(site, 'other', 'telemetry');
  const heard = new Promise<void>(
    (resolve) => void anna.subscribe(own, () => resolve()).then(() => thief.publish({ ...forged, topic: own })),
  );
  await heard;
  label(anna, `1-${indices[1]}`);
  assert.is(await answer, `1-${indices[1]} stored`, 'the first answer: the label of the thief never came');
  await arrived(indices.length + 5);
  consecutive(indices);
  assert.is(overheard, 0);
  assert.match(broker.log(), /Denied PUBLISH from thief/);
});

test('TLS with certificates of the fleet: the common name is the user, and the revoked stay outside', async (bench) => {
  const { close } = bench;
  const fleet = await createTestFleet({ [node]: 'node', thief: 'node', anna: 'operator' }, site);
  const rights = (name: string) => ({
    ...{ node: name, username: `${site}-${name}`, reads: [], writes: [], labelsItself: false },
  });
  const acl = join(await temporaryFolder(), 'acl');
  const users = { operators: [`${site}-anna`], viewers: [] };
  await writeFile(acl, aclOf({ site, prefix: 'plant/hall-2', nodes: [rights(node), rights('thief')], ...users }));
  const broker = await startMosquitto([...(await fleet.mosquitto()), `acl_file ${acl}`]);
  close.push(broker.stop);
  const remote = { url: `mqtts://127.0.0.1:${broker.port}`, prefix: 'plant/hall-2' };
  const { rootFile: _, ...own } = fleet.files(node);
  const nameless = await start(close, { ...remote, caFile: own.caFile });
  await nameless.said(/asks for a certificate of ours; name certFile and keyFile/);
  await start(close, { ...remote, ...own });
  const as = async (name: string) => ({ ...(await fleet.endpoint(name, broker.port)), prefix: remote.prefix });
  const anna = await connect(close, { ...(await as('anna')), clientId: 'anna' });
  const { indices, arrived } = await decisions(anna);
  await arrived(10);
  const thief = await connect(close, { ...(await as('thief')), clientId: 'thief' });
  const forged = {
    topic: topicName(site, node, 'decision'),
    payload: text.encode('x'),
    qos: 1,
    retain: false,
  } as const;
  thief.publish(forged);
  const gossip = gossipTopic(site, 'thief', node);
  const heard = new Promise<void>((resolve) => void anna.subscribe(gossip, () => resolve()));
  await anna.subscribe('barrier', () => {});
  thief.publish({ ...forged, topic: gossip });
  await heard;
  consecutive(indices);
  assert.match(broker.log(), /Denied PUBLISH from thief/);

  await revoke(fleet.fleet, { name: 'thief' }, Date.now());
  await broker.kill();
  await broker.start();
  const refused = connectMqtt({ ...(await as('thief')), clientId: 'thief-again' });
  close.push(() => refused.close());
  const fault = new Promise<string>((resolve) => refused.onFault(resolve));
  assert.match(await fault, /cannot be used: .*revoked|refuses our certificate|says that our certificate was revoked/);
});

mosquitto.run();
