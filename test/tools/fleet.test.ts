import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openIdentityKeys } from '../../firmware/io/identity-folder.ts';
import { kidOf } from '../../firmware/io/keys.ts';
import { createCodec } from '../../protocols/codec.ts';
import { Registry } from '../../protocols/enrolment.ts';
import { CommandError } from '../../tools/errors.ts';
import { certifyBroker, enrol } from '../../tools/fleet/enroll.ts';
import { createFleet, openFleet } from '../../tools/fleet/fleet-folder.ts';
import { readRequest } from '../../tools/fleet/request.ts';
import { revoke } from '../../tools/fleet/revoke.ts';
import { createTestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const order = { roles: ['node'], request: null, hosts: [], days: 365, unixMs: Date.now(), renew: false } as const;
const codeOf = async (attempt: Promise<unknown>): Promise<string | undefined> =>
  attempt.then(
    () => 'done',
    (error: unknown) => (error as { code?: string }).code,
  );
const made = createTestFleet({ pump: 'node', fan: 'node', anna: 'operator' });

const fleet = suite('myrmexctl fleet');

fleet(
  'init: secrets for their owner alone, nothing overwritten, and keys that others can read are refused',
  async () => {
    const folder = join(await temporaryFolder(), 'fleet');
    await createFleet(folder, 'plant', Date.now());
    for (const file of ['root.key', 'ca.key', 'fleet.json']) {
      assert.is((await stat(join(folder, file))).mode & 0o777, 0o600, file);
    }
    assert.is(await codeOf(createFleet(folder, 'plant', Date.now())), 'fleetExists');
    assert.is((await openFleet(folder)).record.site, 'plant');
    for (const [file, mode] of [['ca.key', 0o640] as const, ['root.key', 0o604] as const]) {
      const path = join(folder, file);
      await chmod(path, mode);
      assert.is(await codeOf(openFleet(folder)), 'keyExposed', file);
      await chmod(path, 0o600);
    }
    assert.is(await codeOf(openFleet(join(folder, 'nowhere'))), 'noFleet');
  },
);

fleet('enroll: certificate and enrolment of one serial, which Node and the registry accept', async () => {
  const { fleet: mine, files, enrolment } = await made;
  const { record, root } = mine;
  const issued = record.issued.find(({ name }) => name === 'pump')!;
  const [own, authority] = [files('pump').certFile, files('pump').caFile].map(
    (path) => new X509Certificate(readFileSync(path)),
  );
  assert.ok(own!.verify(authority!.publicKey) && own!.checkIssued(authority!));
  assert.is(own!.subject, 'O=plant\nOU=node\nCN=plant-pump');
  assert.is(Number.parseInt(own!.serialNumber, 16), issued.serial);
  assert.is(own!.ca, false);
  const hub = new X509Certificate(readFileSync(files('hub').certFile));
  assert.ok(hub.checkHost('hub.invalid') && hub.checkIP('127.0.0.1') && !own!.checkHost('localhost'));
  const registry = new Registry({ codec: createCodec(), site: 'plant', root: root.publicKey, kidOf });
  const taken = registry.enrol('pump', await enrolment('pump'));
  assert.ok(taken.ok && taken.value.serial === issued.serial && taken.value.roles.join() === 'node');
  assert.is(Buffer.from(kidOf(taken.ok ? taken.value.key : new Uint8Array())).toString('hex'), issued.kid);
});

fleet('enroll: not twice by mistake; the same key renews, another key replaces', async () => {
  const { fleet: mine } = await made;
  assert.is(await codeOf(enrol(mine, { ...order, name: 'fan' })), 'alreadyEnrolled');
  assert.is(await codeOf(enrol(mine, { ...order, name: 'fleet' })), 'badName');
  assert.is(await codeOf(enrol(mine, { ...order, name: 'x'.repeat(64) })), 'nameTooLong');
  const renewed = await enrol(mine, { ...order, name: 'fan', renew: true });
  assert.is(renewed.replaced, null);
  assert.ok(renewed.issued.serial > mine.record.serial);
  const { request } = await openIdentityKeys(await temporaryFolder());
  assert.is(
    await codeOf(enrol(renewed.fleet, { ...order, name: 'new', request: { text: 'x', where: 'x' } })),
    'badRequest',
  );
  const asked = await enrol(renewed.fleet, { ...order, name: 'new', request: { text: request, where: 'test' } });
  const kid = Buffer.from(kidOf(readRequest(request, 'test').identity)).toString('hex');
  assert.is(asked.issued.kid, kid);
  const { request: other } = await openIdentityKeys(await temporaryFolder());
  const replaced = await enrol(asked.fleet, {
    ...order,
    name: 'new',
    renew: true,
    request: { text: other, where: 'test' },
  });
  assert.is(replaced.replaced, asked.issued.serial);
  (await made).fleet = replaced.fleet;
});

fleet('a request is one Ed25519 key, or one and a P-256 key, and no secret', async () => {
  const folder = await temporaryFolder();
  const { request } = await openIdentityKeys(folder);
  const [identity, tls] = request.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) as [string, string];
  assert.is(readRequest(`site plant\n${tls}\n${identity}`, 'x').tls, tls);
  assert.is(readRequest(identity, 'x').tls, identity);
  const secret = await readFile(join(folder, 'identity.key'), 'utf8');
  const broken = identity.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  for (const text of ['', tls, `${identity}${identity}`, `${request}${tls}`, `${identity}${secret}`, broken]) {
    assert.throws(
      () => readRequest(text, 'x'),
      (error: unknown) => error instanceof CommandError,
      text.slice(0, 40),
    );
  }
});

fleet('certify: a server and no client; revocation by serial; both go into the list of X.509', async () => {
  const { fleet: mine } = await made;
  const certified = await certifyBroker(mine, { hosts: ['Broker.plant', '10.0.0.7'], days: 30, unixMs: Date.now() });
  const certificate = new X509Certificate(await readFile(join(certified.folder, 'broker.pem')));
  assert.ok(certificate.checkHost('broker.plant') && certificate.checkIP('10.0.0.7'));
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'extended: serverAuth alone');
  const { serials } = await revoke(certified.fleet, { serial: certified.issued.serial }, Date.now());
  assert.equal(serials, [certified.issued.serial]);
  assert.match(await readFile(join(mine.folder, 'crl.pem'), 'utf8'), /^-----BEGIN X509 CRL-----\n/);
  assert.is(await codeOf(revoke(certified.fleet, { name: 'nobody' }, 0)), 'notEnrolled');
});

fleet.run();
