import { Command, Option } from 'commander';
import { isName, NAME_RULE } from '../../protocols/names.ts';
import { siteOfDesk } from '../broker/desk-identity.ts';
import { CommandError } from '../errors.ts';
import { addBrokerOptions, type BrokerFlags, endpointOfFlags } from './broker-options.ts';

interface WatchFlags extends BrokerFlags {
  /** How --broker was called at first. */
  readonly url?: string;
  readonly site?: string;
  readonly node?: string;
  readonly asks?: true;
  readonly json?: true;
  readonly count?: string;
}

/** `myrmexctl watch`: live decisions of one gateway, a site, or all of them, decoded. */
export function watchCommand(): Command {
  return addBrokerOptions(new Command('watch'))
    .description('show live decisions, decoded, until Ctrl-C')
    .addOption(new Option('--url <url>').hideHelp())
    .option('--site <name>', 'decisions of this site only')
    .option('--node <name>', 'decisions of this node only')
    .option('--asks', 'the windows whose labels the gateways ask for, instead of decisions')
    .option('--json', 'print each decision as one JSON object: its envelope')
    .option('--count <number>', 'stop after so many decisions')
    .action(watch);
}

async function watch(flags: WatchFlags): Promise<void> {
  for (const [flag, name] of [['--site', flags.site] as const, ['--node', flags.node] as const]) {
    if (name !== undefined && !isName(name)) {
      throw new CommandError('badName', `${flag} "${name}" is not a name; names are ${NAME_RULE}`, 2);
    }
  }
  const count = flags.count === undefined ? Number.POSITIVE_INFINITY : Number(flags.count);
  if (flags.count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
    throw new CommandError('badCount', `--count ${flags.count} is not a whole number above 0`, 2);
  }
  const endpoint = await endpointOfFlags({ ...flags, broker: flags.url ?? flags.broker });
  // Loaded here: the MQTT client takes longer to load than the other commands take to run.
  const { watchDecisions } = await import('../watch/watch.ts');
  const stop = new AbortController();
  const abort = () => stop.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  // `watch | head` closes the pipe: that is the end, not an error.
  process.stdout.on('error', abort);
  try {
    await watchDecisions({
      endpoint,
      site: flags.site ?? siteOfDesk(endpoint),
      node: flags.node,
      asks: flags.asks === true,
      json: flags.json === true,
      count,
      stop: stop.signal,
      print: (line) => process.stdout.write(`${line}\n`),
      remark: (line) => process.stderr.write(`${line}\n`),
    });
  } finally {
    process.off('SIGINT', abort);
    process.off('SIGTERM', abort);
    process.stdout.off('error', abort);
  }
}
