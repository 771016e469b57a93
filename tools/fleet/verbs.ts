import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NodeError } from '../../firmware/errors.ts';
import { readBounded } from '../../firmware/io/files.ts';
import { isRole } from '../../protocols/access.ts';
import { isName, NAME_RULE } from '../../protocols/names.ts';
import { endpointOfFlags } from '../commands/broker-options.ts';
import { CommandError } from '../errors.ts';
import { certifyBroker, enrol } from './enroll.ts';
import type { EnrollFlags, FolderFlags, InitFlags, ListFlags, RevokeFlags } from './flags.ts';
import { createFleet, FLEET_FILES, openFleet, readRecord, readRoot } from './fleet-folder.ts';
import { gather, type SiteHeard } from './gather.ts';
import { listMembers, printMembers } from './list.ts';
import { proofsOf } from './proof.ts';
import { publishRevocation } from './publish.ts';
import { revoke } from './revoke.ts';

const REQUEST_BYTES_MAX = 64 * 1024;

/** `myrmexctl fleet init`. @throws CommandError, NodeError */
export const init = async ({ dir, site }: InitFlags): Promise<void> => {
  requireName('--site', site);
  const { root } = await createFleet(dir, site, Date.now());
  const { rootKey, authorityKey } = FLEET_FILES;
  say(`${dir} holds the keys of ${site}: ${rootKey} and ${authorityKey} decide who belongs to it.`);
  say('Keep them off the gateways, and a copy in a safe place: whoever has them is the operator.');
  say(`The root's kid is ${hex(root.publicKey.kid)}. Next: myrmexctl fleet enroll NODE --dir ${dir}`);
};

/** `myrmexctl fleet enroll`. @throws CommandError, NodeError */
export const enroll = async (name: string, flags: EnrollFlags): Promise<void> => {
  requireName('the name', name);
  for (const role of flags.role) {
    if (!isRole(role)) throw new CommandError('badRole', `--role ${role} is none of node, operator, viewer`, 2);
  }
  const { dir, days, renew = false } = flags;
  const fleet = await openFleet(dir);
  const request = flags.request === undefined ? null : { text: await textOf(flags.request), where: flags.request };
  const hosts = hostsOf(flags.host ?? []);
  const order = { name, roles: [...new Set(flags.role)], request, hosts, days, renew, unixMs: Date.now() };
  const { fleet: next, folder, issued, replaced } = await enrol(fleet, order);
  const { roles, serial, kid } = issued;
  say(`${fleet.record.site}/${name} is enrolled as ${roles.join(', ')}: serial ${serial}, kid ${kid}`);
  const keys =
    request === null ? 'with its keys, which were made here: move it, and leave no copy' : 'without its keys';
  say(`${folder} is what it needs, ${keys}`);
  if (replaced === null) return;
  const { serials } = await revoke(next, { serial: replaced }, Date.now());
  say(`its key before is revoked; tell the broker: myrmexctl fleet revoke --serial ${serials.join(', ')} --broker URL`);
};

/** `myrmexctl fleet certify`. @throws CommandError, NodeError */
export const certify = async (
  names: readonly string[],
  { dir, days }: FolderFlags & { days: number },
): Promise<void> => {
  const hosts = hostsOf(names);
  if (hosts.length === 0) throw new CommandError('badHost', 'name the broker as its clients do', 2);
  const { folder, issued } = await certifyBroker(await openFleet(dir), { hosts, days, unixMs: Date.now() });
  say(`${folder} holds certificate and key of the broker ${hosts.join(', ')}: serial ${issued.serial}`);
  say(`its list of what was revoked is ${join(dir, FLEET_FILES.revocationList)}, which "fleet revoke" writes anew`);
};

/** `myrmexctl fleet revoke`. @throws CommandError, NodeError */
export const revokeMember = async (name: string | undefined, flags: RevokeFlags, isNamed: boolean): Promise<void> => {
  if ((name === undefined) === (flags.serial === undefined)) {
    throw new CommandError('badFlags', 'name who is meant, or one certificate by its --serial', 2);
  }
  const fleet = await openFleet(flags.dir);
  const what = name !== undefined ? { name } : { serial: flags.serial! };
  const { serials, message } = await revoke(fleet, what, Date.now());
  say(`revoked: ${serials.map((serial) => `serial ${serial}`).join(', ')}`);
  if (isNamed) {
    await publishRevocation(await endpointOfFlags(flags), fleet.record.site, message);
    say(`${flags.broker} keeps the list, and so do the gateways that hear it`);
  } else {
    say(`nobody has heard of it yet: tell the broker with --broker, as often as you like`);
  }
  say(`for a broker that is not embedded: ${join(flags.dir, FLEET_FILES.revocationList)}`);
};

/** `myrmexctl fleet list`. @throws CommandError, NodeError */
export const listFleet = async (flags: ListFlags, isNamed: boolean): Promise<void> => {
  const record = existsSync(join(flags.dir, FLEET_FILES.record)) ? await readRecord(flags.dir) : null;
  const site = flags.site ?? record?.site;
  if (site === undefined) {
    throw new CommandError('noFleet', `there is no fleet in ${flags.dir}: name its --dir, or the --site to look at`, 2);
  }
  requireName('--site', site);
  const heard = await listen(flags, site, isNamed || record === null);
  const ours = record?.site === site ? record : null;
  const proofs = heard === null || ours === null ? null : proofsOf(heard, site, await readRoot(flags.dir));
  const members = listMembers(ours, heard?.nodes ?? null, proofs);
  process.stdout.write(`${flags.json === true ? JSON.stringify(members) : printMembers(members)}\n`);
};

/** What the nodes say; null when the broker of the default is not there, and the record alone will do. */
const listen = async (flags: ListFlags, site: string, isNeeded: boolean): Promise<SiteHeard | null> => {
  try {
    return await gather({ endpoint: await endpointOfFlags(flags), site, until: () => pause(flags.wait * 1_000) });
  } catch (error) {
    if (isNeeded || !(error instanceof NodeError) || error.code !== 'brokerUnreachable') throw error;
    say(`who is there is not known: ${error.message}`);
    return null;
  }
};

const textOf = async (path: string): Promise<string> => {
  if (path === '-') return readFileSync(0, 'utf8');
  return Buffer.from(await readBounded(path, 'request', REQUEST_BYTES_MAX)).toString('utf8');
};

/** As they stand in a certificate: DNS names (RFC 5280 §4.2.1.6) or addresses. */
const hostsOf = (names: readonly string[]): readonly string[] => {
  for (const name of names) {
    if (!/^[A-Za-z0-9.:_-]{1,253}$/.test(name)) throw new CommandError('badHost', `"${name}" is no host name`, 2);
  }
  return names;
};

const requireName = (what: string, name: string): void => {
  if (!isName(name)) throw new CommandError('badName', `${what} "${name}" is not a name; names are ${NAME_RULE}`, 2);
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const say = (text: string): void => void process.stderr.write(`${text}\n`);
