import { Command } from 'commander';
import { checkConfiguration } from '../../firmware/configuration.ts';
import { readJson } from '../../firmware/io/files.ts';
import { clientIdOf } from '../../protocols/access.ts';
import { isName, NAME_RULE } from '../../protocols/names.ts';
import { isTopicFilter } from '../../protocols/topic-filter.ts';
import { aclOf, type NodeRights } from '../broker/acl.ts';
import { rightsOf } from '../broker/rights.ts';
import { CommandError } from '../errors.ts';
import { list } from './arguments.ts';

export interface AclFlags {
  readonly site?: string;
  readonly node?: string[];
  readonly config?: string[];
  readonly operator?: string[];
  readonly viewer?: string[];
  readonly prefix?: string;
  readonly read?: string[];
}

/** `myrmexctl broker acl`: what a broker of the site's own must allow. */
export function brokerCommand(): Command {
  const command = new Command('broker').description('help with a broker that is not embedded');
  command
    .command('acl')
    .description("print a Mosquitto access list: every node its own topics, and the operators the site's")
    .option('--site <name>', 'name of the site')
    .option('--node <names>', 'its nodes, separated by commas; the user of each is called SITE-NODE', list)
    .option(
      '--config <files>',
      'configurations of nodes instead: site, names, users, prefix and topics of sensors',
      list,
    )
    .option('--operator <users>', 'users who see the whole site and may label', list)
    .option('--viewer <users>', 'users who see what the gateways decide', list)
    .option('--prefix <levels>', 'levels before every topic, as configured on the nodes')
    .option('--read <filters>', 'further topics that every node may read: sensors, tags', list)
    .action(async (flags: AclFlags) => {
      process.stdout.write(await accessList(flags));
    });
  return command;
}

/** @throws CommandError, and NodeError for a configuration that is wrong */
export async function accessList(flags: AclFlags): Promise<string> {
  const { operator = [], viewer = [], read = [] } = flags;
  for (const filter of read) {
    if (!isTopicFilter(filter)) throw new CommandError('badFilter', `--read "${filter}" is not a topic filter`, 2);
  }
  for (const user of operator) requireUser('--operator', user);
  for (const user of viewer) requireUser('--viewer', user);
  const { site, prefix, nodes } = flags.config === undefined ? fromFlags(flags) : await fromFiles(flags.config, flags);
  if (prefix !== null && !/^[^$/+#\s][^/+#\n]*(\/[^/+#\n]+)*$/.test(prefix)) {
    throw new CommandError('badPrefix', `--prefix "${prefix}" is not levels such as plant/pumps`, 2);
  }
  const rights = nodes.map((one) => ({ ...one, reads: [...one.reads, ...read] }));
  return aclOf({ site, prefix, nodes: rights, operators: operator, viewers: viewer });
}

interface Subject {
  readonly site: string;
  readonly prefix: string | null;
  readonly nodes: readonly NodeRights[];
}

function fromFlags({ site, node: names = [], prefix }: AclFlags): Subject {
  if (site === undefined || names.length === 0) {
    throw new CommandError('badFlags', 'name --site and --node, or the configurations of the nodes with --config', 2);
  }
  for (const [flag, name] of [['--site', site] as const, ...names.map((name) => ['--node', name] as const)]) {
    if (!isName(name)) throw new CommandError('badName', `${flag} "${name}" is not a name; names are ${NAME_RULE}`, 2);
  }
  const rights = names.map((node) => ({
    node,
    username: clientIdOf(site, node),
    reads: [],
    writes: [],
    labelsItself: false,
  }));
  return { site, prefix: prefix ?? null, nodes: rights };
}

async function fromFiles(paths: readonly string[], flags: AclFlags): Promise<Subject> {
  if (flags.site !== undefined || flags.node !== undefined) {
    throw new CommandError('badFlags', '--config names site and nodes already: drop --site and --node', 2);
  }
  const configurations = await Promise.all(paths.map(async (path) => checkConfiguration(await readJson(path), path)));
  const prefixes = new Set(configurations.map(({ broker }) => ('url' in broker ? (broker.prefix ?? null) : null)));
  const sites = new Set(configurations.map(({ site }) => site));
  if (sites.size > 1 || prefixes.size > 1) {
    throw new CommandError('badFlags', 'these configurations differ in site or prefix: make one list for each', 2);
  }
  const nodes = configurations.map(rightsOf);
  for (const { username } of nodes) requireUser('broker.username', username);
  return { site: [...sites][0]!, prefix: flags.prefix ?? [...prefixes][0] ?? null, nodes };
}

/** A line break in a name would add rights of its own to the file. */
function requireUser(where: string, user: string): void {
  if (/^[^\s\p{Cc}#][^\p{Cc}]*$/u.test(user)) return;
  throw new CommandError('badUser', `${where} "${user}" cannot stand in an access list`, 2);
}
