import { join } from 'node:path';
import { Command, Option } from 'commander';
import { systemClock } from '../../firmware/io/clock.ts';
import { readBounded } from '../../firmware/io/files.ts';
import { IDENTITY_FILES } from '../../firmware/io/identity-folder.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { MEDIA_TYPE } from '../../protocols/messages/publication.ts';
import { isName, NAME_RULE } from '../../protocols/names.ts';
import { siteOfDesk } from '../broker/desk-identity.ts';
import { CommandError } from '../errors.ts';
import { notNegative } from './arguments.ts';
import { addBrokerOptions, type BrokerFlags, endpointOfFlags } from './broker-options.ts';

interface PublishFlags extends BrokerFlags {
  readonly topic: string;
  readonly site?: string;
  readonly type: string;
  readonly identity?: string;
  readonly wait: number;
  readonly json?: true;
}

/** A relay that is dead costs 8 s and a member 24 s, one after the other where both are (dissemination/settings.ts). */
const WAIT_SECONDS = 60;

/** `myrmexctl mesh`; what it does is loaded when asked for. */
export function meshCommand(): Command {
  const mesh = new Command('mesh').description('what concerns all gateways of a mesh or star at once');
  addBrokerOptions(mesh.command('publish'))
    .description(
      'give a file to every gateway of a site that is there, from one to the next, and wait until all have it',
    )
    .argument('<file>', `at most ${LIMITS.publishedBytesMax} bytes`)
    .requiredOption('--topic <name>', 'what it is called there: of each topic a gateway keeps the newest')
    .option('--site <name>', 'site of the gateways; known from an identity or a certificate')
    .addOption(new Option('--type <type>', 'media type').default('application/octet-stream'))
    .option('--identity <folder>', 'what "fleet enroll" made of an operator: its key signs; needed in a fleet')
    .addOption(new Option('--wait <seconds>', 'how long to wait for all').default(WAIT_SECONDS).argParser(notNegative))
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      '\nEnds with 0 when every gateway that is there has it on disk, and with 1 when one was missed.',
    )
    .action(publishFile);
  return mesh;
}

async function publishFile(path: string, flags: PublishFlags): Promise<void> {
  const { topic, type, wait, identity } = flags;
  for (const [flag, name] of [['--topic', topic] as const, ['--site', flags.site] as const]) {
    if (name === undefined || isName(name)) continue;
    throw new CommandError('badName', `${flag} "${name}" is not a name; names are ${NAME_RULE}`, 2);
  }
  if (!MEDIA_TYPE.test(type)) throw new CommandError('badType', `--type "${type}" is none like application/json`, 2);
  const content = await readBounded(path, 'file', LIMITS.publishedBytesMax);
  const endpoint = await endpointOfFlags(
    identity === undefined ? flags : { ...certificateIn(identity, flags), ...flags },
  );
  // Loaded here: the MQTT client takes longer to load than the other commands take to run.
  const { openOrigin, passingOrigin } = await import('../publish/origin.ts');
  const { publish } = await import('../publish/publish.ts');
  const { printProgress, printReport } = await import('../publish/print-report.ts');
  const clock = systemClock();
  const site = flags.site ?? siteOfDesk(endpoint);
  const origin = identity === undefined ? null : await openOrigin(identity, clock.unixMs());
  if (origin === null && site === undefined) throw new CommandError('noSite', 'name the --site of the gateways', 2);
  if (origin !== null && (site ?? origin.site) !== origin.site) {
    throw new CommandError('badFlags', `${identity} is of the site ${origin.site}, not of ${site}`, 2);
  }
  const report = await publish({
    ...{ endpoint, origin: origin ?? passingOrigin(site!, clock.unixMs()), topic, type, content, clock },
    waitMs: wait * 1_000,
    progress: (has, waitingFor) => void process.stderr.write(`${printProgress(has, waitingFor)}\n`),
  });
  process.stdout.write(`${flags.json === true ? JSON.stringify(report) : printReport(report)}\n`);
  if (report.delivered < report.members) process.exitCode = 1;
}

/** What an identity shows to a broker with TLS, unless other files are named. */
const certificateIn = (folder: string, { broker }: BrokerFlags): Partial<BrokerFlags> => {
  if (!/^(mqtts|wss):/.test(broker)) return {};
  const { authority, certificate, tlsKey } = IDENTITY_FILES;
  return { ca: join(folder, authority), cert: join(folder, certificate), key: join(folder, tlsKey) };
};
