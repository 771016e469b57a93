import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { examine } from '../../firmware/cli-doctor-examine.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { startBroker } from '../../firmware/io/broker.ts';
import type { Finding, Verdict } from '../../firmware/io/doctor/finding.ts';
import type { MachineFacts } from '../../firmware/io/doctor/machine.ts';
import { mountOf } from '../../firmware/io/doctor/mounts.ts';
import { openStore } from '../../firmware/io/store.ts';
import { demoModelPath, temporaryFolder } from '../support/machine-recording.ts';

const doctor = suite('doctor');

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const sound: MachineFacts = {
  ...{ nodeVersion: '20.11.0', unixMs: Date.UTC(2026, 5, 1), clockSynchronised: true, container: false },
  ...{ totalBytes: GIB, availableBytes: GIB, limitBytes: null },
};

/** A configuration on disk with which a node would run; `change` breaks it. */
const configured = async (change: object = {}): Promise<string> => {
  const folder = await temporaryFolder();
  const path = join(folder, 'node.json');
  const broker = { embedded: true, port: 0 };
  await writeFile(path, JSON.stringify({ ...demoConfiguration, broker, state: join(folder, 'state'), ...change }));
  return path;
};

const look = async (change: object = {}, facts: Partial<MachineFacts> = {}, environment = {}) =>
  examine(await configured(change), environment, { ...sound, ...facts });

/** The one finding of a check that is not well, which must be of this verdict and say this. */
const expectOne = (findings: readonly Finding[], check: string, verdict: Verdict, text: RegExp): void => {
  const ill = findings.filter((found) => found.verdict !== 'ok');
  const told = ill.map((found) => `${found.verdict} ${found.check}: ${found.text}`).join('\n');
  // The disk below the tests may be a fleeting one.
  const others = ill.filter((found) => found.check !== check && found.check !== 'disk' && !/ free; /.test(found.text));
  assert.equal(others, [], told);
  assert.ok(
    ill.some((found) => found.check === check && found.verdict === verdict && text.test(found.text)),
    told,
  );
};

doctor('a sound installation: nothing fails, and nothing is left behind', async () => {
  const findings = await look();
  assert.equal(
    findings.filter(({ verdict }) => verdict === 'fail'),
    [],
  );
  const checks = new Set(findings.map(({ check }) => check));
  for (const check of ['node', 'clock', 'configuration', 'model', 'memory', 'state', 'sensor', 'broker']) {
    assert.ok(checks.has(check), check);
  }
});

doctor('the machine: Node.js, clock, memory', async () => {
  expectOne(await look({}, { nodeVersion: '18.19.0' }), 'node', 'fail', /18\.19\.0 .*20 or newer/);
  expectOne(await look({}, { unixMs: 0 }), 'clock', 'fail', /1970-01-01.*set-ntp/);
  expectOne(await look({}, { clockSynchronised: false }), 'clock', 'warn', /set-ntp true/);
  expectOne(await look({}, { totalBytes: 128 * MIB }), 'memory', 'fail', /machine has 128 MiB/);
  expectOne(await look({}, { availableBytes: 100 * MIB }), 'memory', 'warn', /100 MiB can be had/);
  expectOne(await look({}, { limitBytes: 64 * MIB }), 'memory', 'fail', /64 MiB: raise MemoryMax=/);
});

doctor('the configuration: all faults, and what depends on it is left alone', async () => {
  const findings = await look({ site: 'Two Words', seed: -1 });
  assert.equal(findings.filter(({ check, verdict }) => check === 'configuration' && verdict === 'fail').length, 2);
  assert.not.ok(findings.some(({ check }) => check === 'broker'));
  expectOne(await examine('/nowhere/node.json', {}, sound), 'configuration', 'fail', /no configuration at \/nowhere/);
  expectOne(await look({}, {}, { MYRMEX_SIET: 'x' }), 'configuration', 'fail', /nearest is MYRMEX_SITE/);
});

doctor('the model: missing, no model, too large for its board', async () => {
  expectOne(await look({ model: '/nowhere.tflite' }), 'model', 'fail', /no model at/);
  const text = join(await temporaryFolder(), 'text.tflite');
  await writeFile(text, 'this is no model');
  expectOne(await look({ model: text }), 'model', 'fail', /./);
});

doctor('the state: no directory, in use, and what it cannot be written for', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  expectOne(await look({ state: join(file, 'state') }), 'state', 'fail', /a part of its path is a file/);
  expectOne(await look({ state: '/sys/myrmex' }), 'state', 'fail', /cannot be written/);
  const used = join(await temporaryFolder(), 'state');
  const store = await openStore(used, { model: 'abc' });
  expectOne(await look({ state: used }), 'state', 'warn', /a node runs on/);
  await store.close();
  const freed = await look({ state: used });
  assert.not.ok(
    freed.some(({ text }) => /a node runs on/.test(text)),
    'looking does not lock it',
  );
});

doctor('the broker: port in use, nobody there, another protocol, a certificate that is not there', async () => {
  const broker = await startBroker({ port: 0 });
  expectOne(await look({ broker: { embedded: true, port: broker.port } }), 'broker', 'fail', /in use.*another port/);
  const either = { embedded: true, port: broker.port, orAnyPort: true };
  expectOne(await look({ broker: either }), 'broker', 'warn', /another one will be taken/);
  const { labeller: _, ...rest } = demoConfiguration;
  const reached = await look({ ...rest, broker: { url: broker.url } });
  assert.ok(reached.some(({ check, text }) => check === 'broker' && /lets us in/.test(text)));
  await broker.close();
  expectOne(await look({ broker: { url: broker.url } }), 'broker', 'fail', /nothing listens on this port/);
  const nowhere = { url: 'mqtts://127.0.0.1:1', caFile: '/nowhere/ca.pem' };
  expectOne(await look({ broker: nowhere }), 'broker', 'fail', /\/nowhere\/ca\.pem/);
  const wrong = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => wrong.listen(0, '127.0.0.1', resolve));
  const { port } = wrong.address() as AddressInfo;
  expectOne(await look({ broker: { url: `mqtt://127.0.0.1:${port}` } }), 'broker', 'fail', /127\.0\.0\.1/);
  wrong.close();
});

doctor('the broker of a bridge: nobody there, and no files where its fleet should be', async () => {
  const away = { site: 'south', broker: { url: 'mqtt://127.0.0.1:1' } };
  expectOne(await look({ mesh: { bridges: [away] } }), 'broker', 'fail', /127\.0\.0\.1:1/);
  const closed = { site: 'south', broker: { url: 'mqtts://127.0.0.1:1' }, fleet: '/nowhere' };
  expectOne(await look({ mesh: { bridges: [closed] } }), 'broker', 'fail', /\/nowhere\/ca\.pem/);
});

doctor('the sensor: a recording that is not there', async () => {
  const sensor = { kind: 'recording', path: '/nowhere.csv', speed: 1, labelRate: 0 };
  const findings = await look({ sensor, labeller: undefined, model: demoModelPath });
  expectOne(findings, 'sensor', 'fail', /\/nowhere\.csv cannot be read.*name the file that is there/);
});

doctor('secrets that others can read, that are missing, and that stand in the configuration itself', async () => {
  const broker = await startBroker({ port: 0 });
  const folder = await temporaryFolder();
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'secret\n');
  const remote = { url: broker.url, username: 'u', passwordFile };
  await chmod(passwordFile, 0o644);
  expectOne(await look({ broker: remote }), 'secrets', 'warn', /mode 644.*chmod 600/);
  await chmod(passwordFile, 0o600);
  const findings = await look({ broker: remote });
  assert.ok(findings.some(({ check, verdict }) => check === 'secrets' && verdict === 'ok'));
  const inside = await look({ broker: { url: broker.url, username: 'u', password: 'hush' } });
  expectOne(inside, 'secrets', 'warn', /everybody can read.*passwordFile/);
  assert.not.match(JSON.stringify(inside), /hush/);
  await broker.close();
});

doctor('a secret named without a folder is looked for among the credentials of systemd', async () => {
  const broker = await startBroker({ port: 0 });
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'credentials'), { mode: 0o700 });
  await writeFile(join(folder, 'credentials', 'mqtt-password'), 'secret', { mode: 0o400 });
  process.env.CREDENTIALS_DIRECTORY = join(folder, 'credentials');
  const findings = await look({ broker: { url: broker.url, username: 'u', passwordFile: 'mqtt-password' } });
  delete process.env.CREDENTIALS_DIRECTORY;
  assert.ok(findings.some(({ check, verdict }) => check === 'secrets' && verdict === 'ok'));
  assert.ok(findings.some(({ check, verdict }) => check === 'broker' && verdict === 'ok'));
  await broker.close();
});

doctor('the mount of a path is the innermost, and the last one on a point', () => {
  const table = [
    '22 1 8:1 / / rw,relatime - ext4 /dev/mmcblk0p2 rw',
    '30 22 0:25 / /var rw - ext4 /dev/sda1 rw',
    '31 30 0:26 / /var/lib/my\\040rmex ro,nosuid - tmpfs tmpfs rw',
    '32 22 0:27 / /va rw - ext4 /dev/sdb1 rw',
    '33 22 0:28 / /var rw - btrfs /dev/sdc1 rw',
  ].join('\n');
  assert.is(mountOf('/var/lib/other', table)!.source, '/dev/sdc1');
  assert.equal(mountOf('/var/lib/my rmex/x', table), {
    ...{ point: '/var/lib/my rmex', type: 'tmpfs', source: 'tmpfs', readOnly: true },
  });
  assert.is(mountOf('/etc', table)!.source, '/dev/mmcblk0p2');
  assert.is(mountOf('/etc', ''), null);
});

doctor.run();
