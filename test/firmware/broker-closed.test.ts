import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfiguration, faultsOfConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { startBroker } from '../../firmware/io/broker.ts';
import { examineBroker } from '../../firmware/io/doctor/broker.ts';
import { IDENTITY_FILES, openIdentityKeys } from '../../firmware/io/identity-folder.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { openServices } from '../../firmware/io/services.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { clientIdOf, type Rights } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { TELEMETRY, type TelemetryBody } from '../../protocols/messages/telemetry.ts';
import { topicName } from '../../protocols/topics.ts';
import { gather } from '../../tools/fleet/gather.ts';
import { listMembers, printMembers } from '../../tools/fleet/list.ts';
import { proofsOf } from '../../tools/fleet/proof.ts';
import { publishRevocation } from '../../tools/fleet/publish.ts';
import { readRequest } from '../../tools/fleet/request.ts';
import { revoke } from '../../tools/fleet/revoke.ts';
import { createTestFleet } from '../support/fleet.ts';

const SITE = 'plant';
const made = createTestFleet({ pump: 'node', anna: 'operator' });
const embedded = async (more: object = {}) => {
  const tls = (await made).files('hub');
  return { embedded: true, port: 0, tls, ...more };
};
const faultsOf = (broker: object, node = 'hub'): string =>
  faultsOfConfiguration({ ...demoConfiguration, site: SITE, node, broker }).join('\n');

const closed = suite('a node whose broker asks for certificates');

closed('configuration: what would let everybody in is refused, and says how to mend it', async () => {
  const open = { embedded: true, port: 1883 };
  for (const host of ['127.0.0.1', 'localhost', '::1']) assert.is(faultsOf({ ...open, host }), '', host);
  for (const host of ['0.0.0.0', '::', 'gateway.plant', '10.0.0.7']) {
    assert.match(faultsOf({ ...open, host }), /^\/broker\/host is reached from other machines.*add "tls"/, host);
  }
  assert.is(faultsOf(await embedded({ host: '0.0.0.0', access: { reads: ['plc/#'], writes: ['plc/out'] } })), '');
  assert.match(faultsOf({ ...open, access: { reads: ['plc/#'] } }), /\/broker\/access needs "tls"/);
  for (const filter of ['mx/1/plant/+/label', '#', '+/1/plant/fan/label']) {
    assert.match(
      faultsOf(await embedded({ access: { reads: [filter] } })),
      /access\/reads\/0 reaches into mx\//,
      filter,
    );
  }
  assert.match(faultsOf(await embedded({ access: { writes: ['a#'] } })), /access\/writes\/0 has to be a topic filter/);
  assert.match(faultsOf(open, 'fleet'), /\/node is the operator’s own name/);
});

closed('the node itself comes to its broker as every other does, with its certificate', async () => {
  const fleet = await made;
  const directory = await mkdtemp(join(tmpdir(), 'myrmex-test-'));
  const views = { homeAssistant: true };
  const broker = await embedded({ host: '0.0.0.0' });
  const configuration = checkConfiguration({ ...demoConfiguration, site: SITE, node: 'hub', broker, views }, 'test');
  const notice = (): void => {};
  const {
    broker: running,
    endpoint,
    store,
  } = await openServices(configuration, { directory, model: 'abc', notice }, createVitals(notice), notice);
  assert.match(endpoint.url, /^mqtts:\/\/127\.0\.0\.1:\d+$/);
  const hub = connectMqtt({ ...endpoint, clientId: clientIdOf(SITE, 'hub', 'views') });
  const pump = connectMqtt({ ...(await fleet.endpoint('pump', running!.port)), clientId: clientIdOf(SITE, 'pump') });
  await Promise.all([hub.ready(5_000), pump.ready(5_000)]);
  const heard = new Promise<string>((resolve) => {
    void hub
      .subscribe(topicName(SITE, 'pump', 'presence'), (topic) => resolve(topic))
      .then(() => {
        // Discovery of the pump, where the hub has Home Assistant's view: not refused, or the next would not arrive.
        const [payload, qos] = [new Uint8Array(0), 1] as const;
        pump.publish({ topic: 'homeassistant/sensor/plant_-pump/state/config', payload, qos, retain: true });
        pump.publish({ topic: topicName(SITE, 'pump', 'presence'), payload, qos, retain: false });
      });
  });
  assert.is(await heard, topicName(SITE, 'pump', 'presence'));
  await Promise.all([hub.close(), pump.close()]);
  await running!.close();
  await store.close();
});

closed('the doctor says who gets in, and when the certificate ends', async () => {
  const { broker } = checkConfiguration({ ...demoConfiguration, broker: await embedded() }, 'test');
  const access = async (unixMs: number, given = broker): Promise<string> => {
    const [, found] = await examineBroker(given, 'doctor', unixMs);
    return `${found!.verdict} ${found!.text}`;
  };
  assert.match(await access(Date.now() - 40 * 86_400_000), /^ok TLS as plant-hub, for whoever shows a certificate/);
  assert.match(await access(Date.now()), /^warn the certificate of plant-hub ends in [01] days: renew/);
  assert.match(await access(Date.now() + 2 * 86_400_000), /^fail the certificate of plant-hub ended/);
  assert.match(await access(0, { embedded: true, port: 0 }), /^ok open, on this machine alone/);
  const tls = { ...(await made).files('hub'), keyFile: (await made).files('pump').keyFile };
  assert.match(await access(0, { embedded: true, port: 0, tls }), /^fail .*the key is not that of the certificate/);
});

closed('keys are made once, for their owner alone, and the request holds none of their secrets', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'myrmex-test-')), 'new', 'identity');
  const first = await openIdentityKeys(folder);
  const again = await openIdentityKeys(folder);
  assert.is(again.request, first.request);
  for (const file of [IDENTITY_FILES.identityKey, IDENTITY_FILES.tlsKey]) {
    assert.is((await stat(join(folder, file))).mode & 0o777, 0o600, file);
    const secret = (await readFile(join(folder, file), 'utf8')).split('\n')[1]!;
    assert.not.ok(first.request.includes(secret), file);
  }
  assert.equal(readRequest(first.request, 'test').identity, first.identity.publicKey.bytes);
});

closed('fleet list and revoke through a broker: who is there, what it runs, and whose enrolment holds', async () => {
  const bench = await made;
  const { certificate, root } = await bench.closed();
  const extras = (): Rights => ({ reads: [], writes: [] });
  const broker = await startBroker({ port: 0, closed: { certificate, rules: { site: 'plant', root, extras } } });
  const pump = connectMqtt({ ...(await bench.endpoint('pump', broker.port)), clientId: 'plant-pump' });
  await pump.ready(5_000);
  const writer = createEnvelopeWriter(createCodec(), 'plant/pump', 1);
  const model = { name: 'machine', hash: '0123456789abcdef', labels: ['a'], experts: ['frozen', 'local'] };
  const telemetry = JSON.parse(readFileSync(new URL('../vectors/messages-v2.json', import.meta.url), 'utf8')).find(
    ({ kind }: { kind: string }) => kind === 'telemetry',
  ).body as TelemetryBody;
  const say = (kind: 'presence' | 'telemetry' | 'enrolment', payload: Uint8Array): void => {
    pump.publish({ topic: topicName('plant', 'pump', kind), payload, qos: 1, retain: true });
  };
  say('presence', writer.write(PRESENCE, { state: 'online', version: '1.2.3', board: 'pc', model }, 0));
  say('telemetry', writer.write(TELEMETRY, telemetry, 0));
  say('enrolment', await bench.enrolment('pump'));
  await pump.close();

  const endpoint = await bench.endpoint('anna', broker.port);
  const look = async () => {
    const until = async (): Promise<void> => {
      // A round trip more than what is retained takes.
      const probe = connectMqtt({ ...endpoint, clientId: 'plant-anna/probe' });
      await probe.ready(5_000);
      await probe.subscribe('mx/1/plant/#', () => {});
      await probe.close();
    };
    const heard = await gather({ endpoint, site: 'plant', until });
    return listMembers(bench.fleet.record, heard.nodes, proofsOf(heard, 'plant', root));
  };
  const before = await look();
  const [first] = before.filter(({ name }) => name === 'pump');
  assert.equal(
    [first?.state, first?.enrolment, first?.proof, first?.version, first?.model?.hash, first?.accuracy],
    ['online', 'enrolled', 'proven', '1.2.3', '0123456789abcdef', telemetry.accuracy],
  );
  assert.ok(first!.adapter !== null && first!.adapter.expert !== 'frozen');
  assert.is(before.find(({ name }) => name === 'anna')?.state, 'absent');
  assert.match(printMembers(before), /^pump +online +enrolled +1\.2\.3 +machine 01234567/m);

  const revoked = await revoke(bench.fleet, { name: 'pump' }, Date.now());
  bench.fleet = revoked.fleet;
  await publishRevocation(endpoint, 'plant', revoked.message);
  const after = (await look()).find(({ name }) => name === 'pump');
  assert.equal([after?.enrolment, after?.proof], ['revoked', 'revoked']);
  await broker.close();
});

closed.run();
