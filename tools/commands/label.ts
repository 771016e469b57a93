import { Command } from 'commander';
import { parseInstant } from '../../protocols/instant.ts';
import { isName, NAME_RULE } from '../../protocols/names.ts';
import { parseWindowId } from '../../protocols/window-id.ts';
import { CommandError } from '../errors.ts';
import { addBrokerOptions, type BrokerFlags, endpointOfFlags } from './broker-options.ts';

interface LabelFlags extends BrokerFlags {
  readonly site: string;
  readonly node: string;
  readonly from?: string;
  readonly to?: string;
  readonly by?: string;
  readonly wait: string;
  readonly json?: true;
}

/** `myrmexctl label`: tells a gateway what was true, and says what it made of it. */
export function labelCommand(): Command {
  return addBrokerOptions(new Command('label'))
    .description('tell a gateway the truth about a window, or about all windows of a stretch of time')
    .argument('<words...>', 'WINDOW CLASS, or CLASS alone with --from and --to')
    .requiredOption('--site <name>', 'site of the gateway')
    .requiredOption('--node <name>', 'name of the gateway')
    .option('--from <time>', 'beginning, like 2026-11-23T14:00:00Z or in ms since 1970')
    .option('--to <time>', 'end')
    .option('--by <name>', 'who says so: opinions of several people are weighed; else the first label stands')
    .option('--wait <seconds>', 'how long to wait for the answer', '10')
    .option('--json', 'print the answer as one JSON object')
    .addHelpText(
      'after',
      '\nmyrmexctl watch --asks shows the windows that a gateway asks about.' +
        '\nEnds with 0 when learned and on disk, 3 conflict, 4 unknown window, 5 unknown class, 6 busy.',
    )
    .action(label);
}

async function label(words: readonly string[], flags: LabelFlags): Promise<void> {
  const request = requestOf(words, flags);
  const wait = Number(flags.wait);
  if (!(wait > 0 && wait <= 3_600)) throw new CommandError('badWait', `--wait ${flags.wait} is not seconds above 0`, 2);
  for (const [flag, name] of [
    ['--site', flags.site],
    ['--node', flags.node],
    ['--by', flags.by ?? 'nobody'],
  ] as const) {
    if (!isName(name)) throw new CommandError('badName', `${flag} "${name}" is not a name; names are ${NAME_RULE}`, 2);
  }
  const endpoint = await endpointOfFlags(flags);
  // Loaded here: the MQTT client takes longer to load than the other commands take to run.
  const { sendLabel, sendRange } = await import('../label/send-label.ts');
  const { exitCodeOf, printAnswer } = await import('../label/print-answer.ts');
  const target = {
    ...{ endpoint, site: flags.site, node: flags.node, waitMs: wait * 1_000, now: Date.now },
    id: `${process.pid}-${Date.now()}`,
    ...(flags.by === undefined ? {} : { by: flags.by }),
  };
  const ack =
    'window' in request
      ? await sendLabel(target, request.window, request.label)
      : await sendRange(target, request.fromMs, request.toMs, request.label);
  process.stdout.write(`${flags.json ? JSON.stringify(ack) : printAnswer(ack)}\n`);
  process.exitCode = exitCodeOf(ack);
}

type Request = { readonly label: string } & (
  | { readonly window: string }
  | { readonly fromMs: number; readonly toMs: number }
);

function requestOf(words: readonly string[], { from, to }: LabelFlags): Request {
  const ranged = from !== undefined || to !== undefined;
  const wrong = (why: string): CommandError => new CommandError('badLabel', why, 2);
  if (words.length !== (ranged ? 1 : 2)) {
    throw wrong('name WINDOW and CLASS, as in "1-812 imbalance", or one CLASS with both --from and --to');
  }
  if (!ranged) {
    const [window, label] = words as [string, string];
    if (parseWindowId(window) === null) throw wrong(`"${window}" is not a window; watch shows them, like 1-812`);
    return { window, label };
  }
  const [fromMs, toMs] = [from, to].map((text) => parseInstant(text ?? ''));
  if (fromMs == null || toMs == null) {
    throw wrong('--from and --to are both needed, like 2026-11-23T14:00:00Z (with zone) or in ms since 1970');
  }
  if (toMs < fromMs) throw wrong('--to is before --from');
  return { fromMs, toMs, label: words[0]! };
}
