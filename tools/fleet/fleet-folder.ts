import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { NodeError } from '../../firmware/errors.ts';
import { readBounded, writeWhole } from '../../firmware/io/files.ts';
import { publicKeyPem } from '../../firmware/io/identity-folder.ts';
import { createIdentity, type Identity, openIdentity, type PublicKey, publicKeyOf } from '../../firmware/io/keys.ts';
import { Serial } from '../../protocols/messages/enrolment.ts';
import { Name } from '../../protocols/names.ts';
import { Count } from '../../protocols/numbers.ts';
import { jsonOf, textOf } from '../../protocols/text.ts';
import { CommandError } from '../errors.ts';
import { readRequest } from './request.ts';
import { type Authority, createAuthority, issueRevocationList } from './x509.ts';

const closed = { additionalProperties: false } as const;
const RECORD_BYTES_MAX = 16 * 1024 * 1024;
const PEM_BYTES_MAX = 16 * 1024;
const PUBLIC = 0o644;

/** The age of the root in messages: a fleet has one root, and a new root is a new fleet. */
export const ROOT_EPOCH = 1;

/** Longer than any gateway: what an authority that has expired has signed is refused everywhere at one moment. */
const AUTHORITY_DAYS = 9_131;

/** One certificate given out, with or without an enrolment. */
const Issued = Type.Object(
  {
    name: Name,
    serial: Serial,
    roles: Type.Array(Name),
    /** 16 hex digits: the key of a member; null for a broker, which signs nothing. */
    kid: Type.Union([Type.String({ pattern: '^[0-9a-f]{16}$' }), Type.Null()]),
    hosts: Type.Array(Type.String()),
    issued: Count,
    revoked: Type.Boolean(),
  },
  closed,
);

const Record = Type.Object(
  {
    fleet: Type.Literal(1),
    site: Name,
    /** The last one given: none is given twice, whatever became of it. */
    serial: Count,
    /** Of the last list of revocations. */
    counter: Count,
    /** Messages signed by the root. */
    sequence: Count,
    issued: Type.Array(Issued),
  },
  closed,
);

export type Issued = Static<typeof Issued>;
export type FleetRecord = Static<typeof Record>;

const validator = Compile(Record);

/** The operator's folder: two keys that decide who belongs to a site, and a record of what they have signed. */
export interface Fleet {
  readonly folder: string;
  readonly record: FleetRecord;
  readonly root: Identity;
  readonly authority: Authority;
}

export const FLEET_FILES = {
  record: 'fleet.json',
  rootKey: 'root.key',
  root: 'root.pem',
  authorityKey: 'ca.key',
  authority: 'ca.pem',
  revocation: 'revocation.cose',
  revocationList: 'crl.pem',
} as const;

/** Makes the operator's keys. @throws CommandError `fleetExists`: a fleet that is overwritten is lost; NodeError */
export const createFleet = async (folder: string, site: string, unixMs: number): Promise<Fleet> => {
  if (existsSync(folder) && (await readdir(folder)).length > 0) {
    const mend = 'name another folder with --dir, or move this one away';
    throw new CommandError('fleetExists', `${folder} is not empty, and a fleet is never overwritten: ${mend}`);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const validity = { fromUnixMs: unixMs, days: AUTHORITY_DAYS };
  const authority = await createAuthority({ organisation: site, commonName: `${site} authority` }, validity);
  const root = await createIdentity(join(folder, FLEET_FILES.rootKey));
  await writeWhole(join(folder, FLEET_FILES.root), publicKeyPem(root.publicKey.bytes), PUBLIC);
  await writeWhole(join(folder, FLEET_FILES.authorityKey), authority.key);
  await writeWhole(join(folder, FLEET_FILES.authority), authority.certificate, PUBLIC);
  const record: FleetRecord = { fleet: 1, site, serial: 1, counter: 0, sequence: 0, issued: [] };
  const fleet = await saveFleet({ folder, record, root, authority }, record);
  await writeRevocationList(fleet, [], unixMs);
  return fleet;
};

/** @throws CommandError `noFleet`, `badFleet`; NodeError `keyExposed` and others for the keys */
export const openFleet = async (folder: string): Promise<Fleet> => {
  const record = await readRecord(folder);
  const root = await openIdentity(join(folder, FLEET_FILES.rootKey));
  const read = async (name: string, requireMode?: (mode: number) => void): Promise<string> =>
    Buffer.from(await readBounded(join(folder, name), 'file of the fleet', PEM_BYTES_MAX, requireMode)).toString();
  const key = await read(FLEET_FILES.authorityKey, (mode) => requirePrivate(folder, mode));
  return { folder, record, root, authority: { certificate: await read(FLEET_FILES.authority), key } };
};

/** The record alone, for who may not sign. @throws CommandError `noFleet`, `badFleet` */
export const readRecord = async (folder: string): Promise<FleetRecord> => {
  const path = join(folder, FLEET_FILES.record);
  if (!existsSync(path)) {
    const mend = 'make one with "myrmexctl fleet init", or name its folder with --dir';
    throw new CommandError('noFleet', `there is no fleet in ${folder}: ${mend}`);
  }
  const value = jsonOf(textOf(await readBounded(path, 'record of the fleet', RECORD_BYTES_MAX)));
  if (validator.Check(value)) return value;
  throw new CommandError('badFleet', `${path} is not the record of a fleet: restore it from a backup`);
};

/** The operator's public key, for who may not sign. @throws CommandError `badFleet`; NodeError */
export const readRoot = async (folder: string): Promise<PublicKey> => {
  const path = join(folder, FLEET_FILES.root);
  const text = Buffer.from(await readBounded(path, 'key of the fleet', PEM_BYTES_MAX)).toString();
  return publicKeyOf(readRequest(text, path).identity);
};

/** Writes the record down, before what it numbers is signed: a crash wastes a number and never gives it twice. */
export const saveFleet = async (fleet: Fleet, record: FleetRecord): Promise<Fleet> => {
  await writeWhole(join(fleet.folder, FLEET_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
  return { ...fleet, record };
};

/** Writes the X.509 list of what was taken back, for a broker that is not embedded. */
export const writeRevocationList = async (
  { folder, authority }: Fleet,
  serials: readonly number[],
  unixMs: number,
): Promise<void> => {
  // A list that expires would shut out everybody: it is replaced by the next one, not by time.
  const list = await issueRevocationList(authority, {
    serials,
    validity: { fromUnixMs: unixMs, days: AUTHORITY_DAYS },
  });
  await writeWhole(join(folder, FLEET_FILES.revocationList), list, PUBLIC);
};

const requirePrivate = (folder: string, mode: number): void => {
  if ((mode & 0o077) === 0) return;
  const path = join(folder, FLEET_FILES.authorityKey);
  const mend = `chmod 600 ${path}; if strangers have accounts here, begin a new fleet`;
  throw new NodeError('keyExposed', `${path} is open to other users: ${mend}`);
};
