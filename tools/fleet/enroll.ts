import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../firmware/io/files.ts';
import { IDENTITY_FILES, openIdentityKeys } from '../../firmware/io/identity-folder.ts';
import { kidOf } from '../../firmware/io/keys.ts';
import { clientIdOf, type Role } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { ENROLMENT } from '../../protocols/messages/enrolment.ts';
import { FLEET } from '../../protocols/names.ts';
import { sealRootSigned } from '../../protocols/root-signed.ts';
import { CommandError } from '../errors.ts';
import { FLEET_FILES, type Fleet, type Issued, ROOT_EPOCH, saveFleet } from './fleet-folder.ts';
import { readRequest } from './request.ts';
import { createTlsKey, issueCertificate } from './x509.ts';

const PUBLIC = 0o644;
/** RFC 5280, Appendix A.1, `ub-common-name`. */
const COMMON_NAME_CHARS_MAX = 64;

export interface EnrolOrder {
  readonly name: string;
  readonly roles: readonly Role[];
  /** What `myrmex identity` printed; null makes the keys here. */
  readonly request: { readonly text: string; readonly where: string } | null;
  /** Names and addresses of a gateway whose broker others reach; none for the others. */
  readonly hosts: readonly string[];
  readonly days: number;
  readonly unixMs: number;
  /** In the place of an enrolment that holds. */
  readonly renew: boolean;
}

export interface Enrolled {
  readonly fleet: Fleet;
  /** Everything that the member needs. */
  readonly folder: string;
  readonly issued: Issued;
  /** The serial of the enrolment before, when its key was another one: it has to be revoked. */
  readonly replaced: number | null;
}

/**
 * Gives a key a name: a signed enrolment and a certificate under one serial, in `<fleet>/members/<name>`.
 *
 * @throws CommandError `alreadyEnrolled`, `badName`, `badRequest`, `nameTooLong`; NodeError for files
 */
export const enrol = async (fleet: Fleet, order: EnrolOrder): Promise<Enrolled> => {
  const { name, unixMs } = order;
  const { site } = fleet.record;
  const commonName = clientIdOf(site, name);
  requireName(name, commonName);
  const before = fleet.record.issued.findLast((each) => each.name === name && each.kid !== null && !each.revoked);
  if (before !== undefined && !order.renew) {
    const mend = '--renew enrols it again, and revokes the old key if the new one is another';
    throw new CommandError('alreadyEnrolled', `${name} is enrolled already (serial ${before.serial}): ${mend}`);
  }
  const folder = join(fleet.folder, 'members', name);
  const keys = await keysOf(folder, order);
  const kid = Buffer.from(kidOf(keys.identity)).toString('hex');
  const { record } = fleet;
  const issued: Issued = {
    ...{ name, serial: record.serial + 1, kid, roles: [...order.roles], hosts: [...order.hosts] },
    ...{ issued: unixMs, revoked: false },
  };
  const next = { ...record, serial: issued.serial, sequence: record.sequence + 1, issued: [...record.issued, issued] };
  const saved = await saveFleet(fleet, next);
  const body = { site, node: name, key: keys.identity, roles: issued.roles, serial: issued.serial, issued: unixMs };
  const stamp = { site, epoch: ROOT_EPOCH, sequence: next.sequence, time: unixMs };
  const signer = { kid: fleet.root.publicKey.kid, sign: fleet.root.sign };
  const enrolment = sealRootSigned(createCodec(), ENROLMENT, stamp, body, signer);
  const certificate = await issueCertificate(fleet.authority, {
    ...{ subject: { organisation: site, units: issued.roles, commonName }, serial: issued.serial },
    ...{ validity: { fromUnixMs: unixMs, days: order.days }, publicKey: keys.tls, isClient: true },
    hosts: order.hosts.length === 0 ? [] : [...new Set([...order.hosts, 'localhost', '127.0.0.1'])],
  });
  await writeWhole(join(folder, IDENTITY_FILES.enrolment), enrolment, PUBLIC);
  await writeWhole(join(folder, IDENTITY_FILES.certificate), certificate, PUBLIC);
  await copyFile(join(fleet.folder, FLEET_FILES.authority), join(folder, IDENTITY_FILES.authority));
  await copyFile(join(fleet.folder, FLEET_FILES.root), join(folder, IDENTITY_FILES.root));
  return { fleet: saved, folder, issued, replaced: before === undefined || before.kid === kid ? null : before.serial };
};

/** A server certificate for a broker that is not embedded, in `<fleet>/brokers/<first host>`. @throws CommandError */
export const certifyBroker = async (
  fleet: Fleet,
  { hosts, days, unixMs }: Pick<EnrolOrder, 'hosts' | 'days' | 'unixMs'>,
): Promise<{ readonly fleet: Fleet; readonly folder: string; readonly issued: Issued }> => {
  const [host = ''] = hosts;
  const name = host.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
  const { record } = fleet;
  const issued = { name, serial: record.serial + 1, kid: null, roles: [], hosts: [...hosts], issued: unixMs };
  const entry: Issued = { ...issued, revoked: false };
  const saved = await saveFleet(fleet, { ...record, serial: entry.serial, issued: [...record.issued, entry] });
  const { privateKey, publicKey } = createTlsKey();
  const certificate = await issueCertificate(fleet.authority, {
    ...{ subject: { organisation: record.site, commonName: host.slice(0, COMMON_NAME_CHARS_MAX) } },
    ...{ serial: entry.serial, validity: { fromUnixMs: unixMs, days }, publicKey, hosts, isClient: false },
  });
  const folder = join(fleet.folder, 'brokers', name);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'broker.key'), privateKey);
  await writeWhole(join(folder, 'broker.pem'), certificate, PUBLIC);
  await copyFile(join(fleet.folder, FLEET_FILES.authority), join(folder, FLEET_FILES.authority));
  return { fleet: saved, folder, issued: entry };
};

const requireName = (name: string, commonName: string): void => {
  if (name === FLEET) throw new CommandError('badName', `"${FLEET}" is the operator's own name: choose another`, 2);
  if (commonName.length <= COMMON_NAME_CHARS_MAX) return;
  const why = `"${commonName}" has ${commonName.length} characters, and a certificate's name at most 64`;
  throw new CommandError('nameTooLong', `${why}: choose a shorter name`, 2);
};

const keysOf = async (folder: string, { request, name }: EnrolOrder) => {
  if (request === null) return readRequest((await openIdentityKeys(folder)).request, folder);
  if (existsSync(join(folder, IDENTITY_FILES.identityKey))) {
    const mend = 'move them away first if the gateway has made its own';
    throw new CommandError('badRequest', `the keys of ${name} lie in ${folder}: ${mend}`);
  }
  await mkdir(folder, { recursive: true });
  return readRequest(request.text, request.where);
};
