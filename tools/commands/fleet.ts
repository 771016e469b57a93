import { Command, Option } from 'commander';
import type { EnrollFlags, FolderFlags, InitFlags, ListFlags, RevokeFlags } from '../fleet/flags.ts';
import { integerFrom, list, notNegative } from './arguments.ts';
import { addBrokerOptions } from './broker-options.ts';

/** The demonstration's, so that the first steps need no flag. */
const SITE = 'demo';
/** Serials revoke; a certificate that ends by itself stops a plant on the day that everybody has forgotten. */
const DAYS = 3_650;
/** A node's telemetry comes every 5 s. */
const WAIT_SECONDS = 6;
const DAYS_MAX = 36_500;

/** `myrmexctl fleet`; what it does is loaded when asked for. */
export function fleetCommand(): Command {
  const fleet = new Command('fleet').description('who belongs to a site: keys, certificates, revocations');
  const verbs = () => import('../fleet/verbs.ts');
  const verb = (name: string, description: string): Command =>
    fleet
      .command(name)
      .description(description)
      .addOption(new Option('--dir <folder>', "the operator's keys and records").default('fleet'));
  const days = () =>
    new Option('--days <number>', 'how long the certificate holds').argParser(integerFrom(1, DAYS_MAX));
  verb('init', "make the operator's root key and the site's certificate authority; nothing is overwritten")
    .addOption(new Option('--site <name>', 'name of the site').default(SITE))
    .action(async (flags: InitFlags) => (await verbs()).init(flags));
  verb('enroll', 'give a gateway, a person or a program its name: a signed enrolment and a client certificate')
    .argument('<name>', 'its name at the site')
    .option('--request <file>', 'what "myrmex identity" printed (- is standard input); else the keys are made here')
    .addOption(new Option('--role <names>', 'node, operator, viewer').argParser(list).default(['node']))
    .option('--host <names>', 'names and addresses by which others reach the broker embedded in this gateway', list)
    .addOption(days().default(DAYS))
    .option('--renew', 'also when it is enrolled already')
    .action(async (name: string, flags: EnrollFlags) => (await verbs()).enroll(name, flags));
  verb('certify', 'issue the server certificate of a broker that is not embedded')
    .argument('<hosts>', 'names and addresses by which it is reached, separated by commas', list)
    .addOption(days().default(DAYS))
    .action(async (hosts: string[], flags: FolderFlags & { days: number }) => (await verbs()).certify(hosts, flags));
  addBrokerOptions(verb('revoke', 'take back what a name was given, and tell the broker'))
    .argument('[name]', 'its name at the site')
    .option('--serial <number>', 'one certificate alone, of a broker say', integerFrom(1, Number.MAX_SAFE_INTEGER))
    .action(async (name: string | undefined, flags: RevokeFlags, command: Command) =>
      (await verbs()).revokeMember(name, flags, isNamed(command)),
    );
  addBrokerOptions(verb('list', 'show who is enrolled and who is there: version, model, adapter, accuracy'))
    .option('--site <name>', 'name of the site, where there is no record of the fleet')
    .addOption(new Option('--wait <seconds>', 'how long to listen').default(WAIT_SECONDS).argParser(notNegative))
    .option('--json', 'print one JSON array')
    .action(async (flags: ListFlags, command: Command) => (await verbs()).listFleet(flags, isNamed(command)));
  return fleet;
}

/** Says whether the broker was named; the default one need not be there. */
const isNamed = (command: Command): boolean => command.getOptionValueSource('broker') !== 'default';
