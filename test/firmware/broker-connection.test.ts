import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { endpointOf } from '../../firmware/io/broker-files.ts';
import { connectMqtt, type MqttOptions, type MqttPort } from '../../firmware/io/mqtt.ts';
import { RetrySchedule } from '../../firmware/machines/retry-schedule.ts';
import { startAedes, startStub } from '../support/brokers.ts';
import { createAuthority, opensslPresent, pemsOf } from '../support/certificates.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Attempts follow at once, so that no test waits for a second. */
const retry = { firstMs: 1, mostMs: 2, stableMs: 10_000 };

const links = suite<{ open: (options: Partial<MqttOptions> & { url: string }) => MqttPort; close: Close[] }>('links');
type Close = () => Promise<unknown>;

links.before.each((context) => {
  context.close = [];
  context.open = (options) => {
    const port = connectMqtt({ clientId: `test-${context.close.length}`, retry, ...options });
    context.close.unshift(() => port.close());
    return port;
  };
});
links.after.each(async ({ close }) => {
  for (const one of close) await one();
});

/** The first complaint about a connection. */
const faultOf = (port: MqttPort): Promise<string> => new Promise((resolve) => port.onFault(resolve));
/** The first message below a filter, as `topic=text`. */
const heard = (port: MqttPort, filter: string, absolute = false): Promise<string> =>
  new Promise((resolve) => {
    const hear = (topic: string, payload: Uint8Array) => resolve(`${topic}=${new TextDecoder().decode(payload)}`);
    void port.subscribe(filter, hear, { absolute });
  });

links(
  'a prefix goes on before the wire and comes off behind it, but not where a topic is absolute',
  async (context) => {
    const broker = await startAedes({});
    context.close.push(broker.close);
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const node = context.open({ url, prefix: 'plant/pumps', will: { ...outgoing('gone', ''), retain: true } });
    const stranger = context.open({ url });
    await Promise.all([node.ready(5_000), stranger.ready(5_000)]);
    const [below, raw, label] = [
      heard(node, 'mx/1/+/+/label'),
      heard(stranger, '#', true),
      heard(node, 'homeassistant/status', true),
    ];
    await node.subscribe('never', () => {});
    stranger.publish(outgoing('plant/pumps/mx/1/s/n/label', 'ours'));
    stranger.publish(outgoing('mx/1/s/n/label', 'not ours'));
    stranger.publish(outgoing('homeassistant/status', 'online'));
    assert.equal(await Promise.all([below, label]), ['mx/1/s/n/label=ours', 'homeassistant/status=online']);
    assert.is(await raw, 'plant/pumps/mx/1/s/n/label=ours');
    const plain = heard(stranger, 'plant/pumps/x', true);
    await stranger.subscribe('barrier', () => {});
    node.publish(outgoing('x', 'prefixed'));
    assert.is(await plain, 'plant/pumps/x=prefixed');
    const free = heard(stranger, 'homeassistant/device', true);
    await stranger.subscribe('barrier/2', () => {});
    node.publish({ ...outgoing('homeassistant/device', 'free'), absolute: true });
    assert.is(await free, 'homeassistant/device=free');
  },
);

links(
  'a filter that is subscribed to again brings what is retained again, and is no further subscription',
  async (context) => {
    const broker = await startAedes({});
    context.close.push(broker.close);
    const port = context.open({ url: `mqtt://127.0.0.1:${broker.port}`, subscriptionsMax: 1 });
    await port.ready(5_000);
    port.publish({ ...outgoing('kept/a', 'said once'), retain: true });
    for (let time = 0; time < 3; time++) assert.is(await heard(port, 'kept/+', true), 'kept/a=said once');
  },
);

links('a wrong password is said, and forgiven once the broker knows it', async (context) => {
  let known = 'old';
  const broker = await startAedes({
    aedes: {
      authenticate: (_client, username, password, done) => {
        const right = username === 'node' && password?.toString() === known;
        if (right) return done(null, true);
        done(Object.assign(new Error('no'), { returnCode: 4 }), false);
      },
    },
  });
  context.close.push(broker.close);
  const port = context.open({ url: `mqtt://127.0.0.1:${broker.port}`, username: 'node', password: 'new' });
  assert.match(await faultOf(port), /refuses user name and password; check username and passwordFile$/);
  known = 'new';
  await port.ready(5_000);
});

links('MQTT 5 and WebSockets', async (context) => {
  const broker = await startAedes({ webSocket: true });
  context.close.push(broker.close);
  const port = context.open({ url: `ws://127.0.0.1:${broker.port}/mqtt` });
  await port.ready(5_000);
  const echo = heard(port, 't');
  await port.subscribe('barrier', () => {});
  assert.ok(port.publish(outgoing('t', 'through a socket')));
  assert.is(await echo, 't=through a socket');
  const lost = context.open({ url: `ws://127.0.0.1:${broker.port}/elsewhere` });
  assert.match(await faultOf(lost), /check the path of its WebSocket/);
  // aedes speaks 3.1.1 only and says so.
  const five = context.open({ url: `ws://127.0.0.1:${broker.port}/mqtt`, protocolVersion: 5 });
  assert.match(await faultOf(five), /version of MQTT|hung up without a word/);
});

links(
  'a broker that takes the connection and says nothing is left, and found again when it speaks',
  async (context) => {
    let answers = false;
    let attempts = 0;
    const stub = await startStub((socket) => {
      attempts += 1;
      // CONNACK, accepted [MQTT-3.2.2-4].
      socket.on('data', () => answers && socket.write(Uint8Array.of(0x20, 2, 0, 0)));
    });
    context.close.push(stub.close);
    const port = context.open({ url: `mqtt://127.0.0.1:${stub.port}`, connectMsMax: 50 });
    assert.match(await faultOf(port), /takes the connection but does not answer/);
    answers = true;
    await port.ready(5_000);
    assert.ok(attempts >= 2, `${attempts} attempts`);
  },
);

links('every refusal of CONNECT says what to do, and the next attempt follows', async (context) => {
  const codes = {
    1: /protocolVersion/,
    2: /client id/,
    3: /not ready/,
    4: /passwordFile/,
    5: /does not let this user/,
  };
  const order = Object.keys(codes).map(Number);
  let next = 0;
  const stub = await startStub((socket) => {
    const code = order[next++] ?? 0;
    socket.on('data', () => socket.write(Uint8Array.of(0x20, 2, 0, code)));
  });
  context.close.push(stub.close);
  const port = context.open({ url: `mqtt://127.0.0.1:${stub.port}` });
  const faults: string[] = [];
  port.onFault((text) => faults.push(text));
  await port.ready(5_000);
  assert.is(faults.length, order.length);
  for (const [i, pattern] of Object.values(codes).entries()) assert.match(faults[i]!, pattern);
});

links('a port where nobody listens, a listener that hangs up, and one that speaks something else', async (context) => {
  const gone = await startStub(() => {});
  await gone.close();
  assert.match(await faultOf(context.open({ url: `mqtt://127.0.0.1:${gone.port}` })), /nothing listens on this port/);
  const mute = await startStub((socket) => socket.once('data', () => socket.end()));
  context.close.push(mute.close);
  assert.match(await faultOf(context.open({ url: `mqtt://127.0.0.1:${mute.port}` })), /hung up without a word/);
  assert.match(
    await faultOf(context.open({ url: `mqtts://127.0.0.1:${mute.port}` })),
    /does not speak TLS|cut the connection|cannot be used|hung up/,
  );
  const nowhere = context.open({ url: 'mqtt://broker.invalid' });
  assert.match(await faultOf(nowhere), /name that (nobody knows|cannot be looked up)/);
});

links('TLS with certificates on both sides, and each way in which it fails', async (context) => {
  if (!opensslPresent()) return console.log('skipped: TLS between client and broker: openssl is not installed');
  const [ours, theirs] = [await createAuthority('site'), await createAuthority('stranger')];
  const client = ours.issue('gateway-1');
  const serve = async (identity: { cert: string; key: string }): Promise<string> => {
    const tls = { ...pemsOf(identity), ca: readFileSync(ours.cert), requestCert: true, rejectUnauthorized: true };
    const broker = await startAedes({ tls });
    context.close.push(broker.close);
    return `mqtts://127.0.0.1:${broker.port}`;
  };
  const url = await serve(ours.issue('broker', { names: 'IP:127.0.0.1' }));
  const endpoint = await endpointOf({ url, caFile: ours.cert, certFile: client.cert, keyFile: client.key });
  const port = context.open(endpoint);
  await port.ready(5_000);
  const echo = heard(port, 't');
  await port.subscribe('barrier', () => {});
  port.publish(outgoing('t', 'sealed'));
  assert.is(await echo, 't=sealed');

  const fault = (options: Partial<MqttOptions> & { url: string }) => faultOf(context.open(options));
  assert.match(await fault({ ...endpoint, ca: readFileSync(theirs.cert) }), /nobody trusted here has signed/);
  assert.match(await fault({ url, ca: endpoint.ca! }), /asks for a certificate of ours; name certFile and keyFile/);
  assert.match(await fault({ ...endpoint, ...pemsOf(theirs.issue('intruder')) }), /check certFile, keyFile/);
  assert.match(await fault({ url: url.replace('mqtts', 'mqtt') }), /check port and protocol/);
  const misnamed = await serve(ours.issue('broker', { names: 'DNS:elsewhere.invalid' }));
  assert.match(await fault({ ...endpoint, url: misnamed }), /made for another name/);
  const old = await serve(ours.issue('broker', { names: 'IP:127.0.0.1', days: -1 }));
  assert.match(await fault({ ...endpoint, url: old }), /has expired/);
});

const outgoing = (topic: string, text: string) => {
  return { topic, payload: bytes(text), qos: 1 as const, retain: false };
};

const files = suite('files of a broker');

files('each wrong file is refused with its name and what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-test-'));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const url = 'mqtts://127.0.0.1:1';
  const refused = async (fields: object, code: string, message: RegExp): Promise<void> => {
    try {
      await endpointOf({ url, ...fields });
    } catch (error) {
      assert.ok(error instanceof NodeError, String(error));
      assert.is(error.code, code);
      assert.match(error.message, message);
      return;
    }
    assert.unreachable(message.source);
  };
  await refused({ passwordFile: join(folder, 'none') }, 'fileNotFound', /no password file at .*none/);
  await refused({ passwordFile: await file('empty', '\n') }, 'secretEmpty', /is empty/);
  await refused({ caFile: await file('der', '0\x82\x01') }, 'brokerPem', /"BEGIN CERTIFICATE"; it holds no PEM/);
  await refused({ caFile: folder }, 'fileUnreadable', /cannot be read/);
  const begin = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
  await refused({ keyFile: await file('c', begin('CERTIFICATE')) }, 'brokerPem', /"BEGIN PRIVATE KEY".*CERTIFICATE/);
  await refused({ keyFile: await file('e', begin('ENCRYPTED PRIVATE KEY')) }, 'brokerPem', /is encrypted/);
  await refused({ caFile: await file('broken', begin('CERTIFICATE')) }, 'brokerCertificate', /broken cannot be used/);
  const { password } = await endpointOf({ url, username: 'u', passwordFile: await file('p', 'päss word\r\n') });
  assert.is(password, 'päss word');
  if (!opensslPresent()) return console.log('skipped: a key of another certificate: openssl is not installed');
  const authority = await createAuthority('a');
  const [one, other] = [authority.issue('one'), authority.issue('other')];
  await refused({ certFile: one.cert, keyFile: other.key }, 'brokerCertificate', /the key is not that of the certif/);
});

const schedule = suite('retry schedule');
const OPTIONS = { firstMs: 1_000, mostMs: 30_000, stableMs: 20_000 };

schedule('waits double up to the most, each within its upper half, and spread over it', () => {
  for (const [random, share] of [[() => 0, 0.5] as const, [() => 0.999_999, 1] as const]) {
    const retries = new RetrySchedule(OPTIONS, random);
    const waits = Array.from({ length: 8 }, () => retries.failed(0));
    assert.equal(
      waits,
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000 * share),
    );
  }
});

schedule('a connection that lasted begins anew, one that flaps does not', () => {
  const retries = new RetrySchedule(OPTIONS, () => 0);
  for (let i = 0; i < 4; i++) retries.failed(0);
  retries.connected(1_000);
  assert.is(retries.failed(1_000 + 19_999), 8_000, 'too short to be trusted');
  retries.connected(50_000);
  assert.is(retries.failed(50_000 + 20_000), 500);
  assert.is(retries.failed(80_000), 1_000, 'what was good before does not count twice');
});

links.run();
files.run();
schedule.run();
