import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Command, Option } from 'commander';
import { DEFENCE_NAMES, type DefenceName } from '../../protocols/robust/defence.ts';
import { CommandError } from '../errors.ts';
import { integerFrom, list, positive, share } from './arguments.ts';

interface FleetFlags {
  nodes: number;
  model?: string;
  segments?: string[];
  broker: string;
  sites: number;
  speed: number;
  seconds: number;
  labelRate: number;
  seed: number;
  every?: number;
  defence: DefenceName;
  mesh: boolean;
  json?: true;
}

/** Of one machine: each node is a process of some 100 MB. */
const NODES_MAX = 256;
const SITES_MAX = 8;

/** `myrmexctl sim fleet`: real node processes that share what they learn through a real broker. */
export function simFleetCommand(): Command {
  return new Command('fleet')
    .description('start real nodes on a real broker and report how right they were, and what went over the wire')
    .argument('[recording]', 'CSV as for replay, one node of it each; simulated machines when left out')
    .option('--model <file>', "the .tflite, made by myrmexctl train; the demonstration's when there is no recording")
    .option('--nodes <number>', 'node processes', integerFrom(1, NODES_MAX), 24)
    .option('--segments <names>', 'play only these segments, separated by commas', list)
    .option('--broker <which>', 'embedded, mosquitto (from the PATH), or the URL of one that runs', 'embedded')
    .option('--sites <number>', 'sites that nodes are dealt out to, each with a broker', integerFrom(1, SITES_MAX), 1)
    .option('--speed <factor>', 'times the speed of the recording', positive, 20)
    .option('--seconds <number>', 'how long simulated machines run', positive, 30)
    .option('--label-rate <share>', 'share of labelled windows whose label is revealed afterwards', share, 0.1)
    .option('--seed <number>', 'of machines and labels', integerFrom(0, 1_000_000), 0)
    .option('--every <seconds>', 'time between two cycles of averaging; unless told, one in ten windows', positive)
    .addOption(new Option('--defence <rule>', 'against lying peers').choices([...DEFENCE_NAMES]).default('clip'))
    .option('--no-mesh', 'every node for itself, to compare with')
    .option('--json', 'print the report as one JSON object on the last line')
    .action(run);
}

async function run(recording: string | undefined, flags: FleetFlags): Promise<void> {
  const { simulateFleet } = await import('../sim/fleet/fleet.ts');
  const { printFleet } = await import('../sim/fleet/print.ts');
  if (recording !== undefined && flags.model === undefined) {
    throw new CommandError('noModel', 'a recording needs the --model that was trained for it', 2);
  }
  const plan = await planOf(recording, flags);
  const report = await simulateFleet({
    ...plan,
    recording: recording ?? null,
    segments: flags.segments ?? null,
    model: flags.model ?? null,
    mesh: flags.mesh ? { everySeconds: flags.every ?? plan.everySeconds, defence: flags.defence } : null,
    ...{ speed: flags.speed, seconds: flags.seconds, labelRate: flags.labelRate, seed: flags.seed },
    ...{ broker: flags.broker, sites: flags.sites, now: () => performance.now() },
    notice: (text) => process.stderr.write(`${text}\n`),
  });
  if (flags.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else printFleet(process.stdout, report);
}

const WINDOWS_PER_CYCLE = 10;

/** Nodes to start, and how often ten windows have passed. */
async function planOf(
  recording: string | undefined,
  flags: FleetFlags,
): Promise<{ nodes: string[]; adapterParameters: number; everySeconds: number }> {
  const { createPipeline, defaultPipelineOptions, expertNames } = await import('../../firmware/pipeline.ts');
  const { readDemoModel } = await import('../../firmware/io/files.ts');
  const model = flags.model === undefined ? await readDemoModel() : await readFile(flags.model);
  const pipeline = createPipeline({ ...defaultPipelineOptions, experts: expertNames, model, seed: flags.seed });
  const { adapterParameters, card } = pipeline;
  const windowSeconds = (card.stride * (card.sampleIntervalMs || 1_000)) / 1_000;
  if (recording === undefined) {
    const nodes = Array.from({ length: flags.nodes }, (_, at) => `machine ${at + 1}`);
    return { nodes, adapterParameters, everySeconds: WINDOWS_PER_CYCLE * windowSeconds };
  }
  const { readRecording } = await import('../../firmware/io/recording.ts');
  const played = await readRecording(recording, {
    ...(flags.segments === undefined ? {} : { segments: flags.segments }),
    targets: card.task === 'regression',
  });
  const nodes = played.nodes.map(({ node }) => node).slice(0, flags.nodes);
  return { nodes, adapterParameters, everySeconds: (WINDOWS_PER_CYCLE * windowSeconds) / flags.speed };
}
