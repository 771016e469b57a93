import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Recording } from '../../firmware/io/recording.ts';
import {
  ADAPTERS_MAX,
  defaultPipelineOptions,
  type ExpertName,
  expertNames,
  ownExpertNames,
} from '../../firmware/pipeline/options.ts';
import { FACTOR_BITS, type FactorBits } from '../../kernels/adapters/factor-codec.ts';
import { type LearningMechanism, learningMechanisms, learningWithout } from '../../kernels/learning/mechanisms.ts';
import { defaultLearningOptions, POINTS_MAX } from '../../kernels/learning/options.ts';
import { DEFENCE_NAMES, type DefenceName } from '../../protocols/robust/defence.ts';
import { CommandError } from '../errors.ts';
import { ATTACK_NAMES, type AttackName } from '../mesh/attacks.ts';
import { type BaselineName, baselineNames } from '../replay/baseline-names.ts';
import { GOSSIP_EVERY_WINDOWS, type ReplayGossip } from '../replay/gossip-options.ts';
import { type LabelPolicy, labelPolicies } from '../replay/label-policy.ts';
import { integerFrom, list, share } from './arguments.ts';

interface ReplayFlags {
  model: string;
  labelRate: number;
  seed: number;
  segments?: string[];
  nodes?: string[];
  experts?: ExpertName[];
  baselines: BaselineName[];
  labelPolicy: LabelPolicy;
  report?: string;
  factorBits: FactorBits;
  learnA: number;
  adapters: number;
  points: number;
  adapter?: string;
  saveAdapter?: string;
  probe?: string;
  probeSegments?: string[];
  without: LearningMechanism[];
  replayBytes?: number;
  gossip?: number | true;
  liars?: number;
  attack: AttackName;
  defence: DefenceName;
  json?: true;
}

/** `myrmexctl replay`: the node's own code over a recording, faster than real time. */
export function replayCommand(): Command {
  return new Command('replay')
    .description("play a recording through the node's own inference and learning, and report how right each expert was")
    .argument('<recording>', 'CSV or gzipped CSV: node,segment,t_ms,label,<channel>,...; - is standard input')
    .requiredOption('--model <file>', 'the .tflite, made by myrmexctl train')
    .option('--label-rate <share>', 'share of labelled windows whose label is revealed afterwards', share, 0.1)
    .addOption(
      new Option('--label-policy <policy>', 'reveal labels at random, or of the windows that the node asks about')
        .choices(labelPolicies)
        .default('random'),
    )
    .option('--seed <number>', 'the same seed gives the same report', seed, 0)
    .option('--segments <names>', 'play only these segments, separated by commas', list)
    .option('--nodes <names>', 'play only these nodes, separated by commas', list)
    .option(
      '--experts <names>',
      `among ${expertNames.join(', ')}; frozen is always there; all, but shared only with --gossip, when left out`,
      among(expertNames),
    )
    .option('--baselines <names>', `to compare with: ${baselineNames.join(', ')}`, among(baselineNames), [])
    .option('--report <file>', 'write a page with curves and tables, to be read in a browser without a network')
    .addOption(
      new Option('--factor-bits <bits>', 'bits that adapters are stored and trained in')
        .choices(FACTOR_BITS.map(String))
        .default(defaultLearningOptions.factorBits)
        .argParser(factorBits),
    )
    .option('--learn-a <share>', 'how fast A of adapters learns, as a share of the rate of B; 0: as drawn', share)
    .option('--adapters <number>', 'adapters that the node may keep, one for each state of the machine', adapters, 1)
    .option(
      '--points <number>',
      'adapter points that learn, counted from the output',
      integerFrom(1, POINTS_MAX),
      defaultLearningOptions.points,
    )
    .option('--adapter <file>', 'begin with what myrmexctl adapter export or --save-adapter wrote')
    .option('--save-adapter <file>', 'write the adapter that the last node ends with (safetensors)')
    .option('--probe <recording>', 'how right the node is on this one before and after, without learning from it')
    .option('--probe-segments <names>', 'probe only these segments, separated by commas', list)
    .option(
      '--without <names>',
      `leave out of learning: ${learningMechanisms.join(', ')}`,
      among(learningMechanisms),
      [],
    )
    .option('--replay-bytes <number>', 'memory for labelled windows to learn from again', integerFrom(1024, 1 << 26))
    .option(
      '--gossip [windows]',
      `average what is shared after so many windows of each node (${GOSSIP_EVERY_WINDOWS})`,
      integerFrom(1, 1e6),
    )
    .option('--liars <share>', 'share of the nodes that lie to the others; they are not scored', share)
    .addOption(new Option('--attack <name>', 'what liars say').choices(ATTACK_NAMES).default('signFlip'))
    .addOption(
      new Option('--defence <name>', 'what stands between a peer and what is mixed')
        .choices(DEFENCE_NAMES)
        .default('clip'),
    )
    .option('--json', 'print the report as one JSON object on the last line')
    .action(run);
}

async function run(path: string, flags: ReplayFlags): Promise<void> {
  const { readRecording } = await import('../../firmware/io/recording.ts');
  const { playRecording } = await import('../replay/replay.ts');
  const { printReplay } = await import('../replay/print-report.ts');
  const { readModelCard } = await import('../../firmware/model-file.ts');
  const { defaultModelLimits } = await import('../../kernels/limits.ts');
  const model = await readFile(flags.model);
  const recording = await readRecording(path, {
    ...(flags.nodes === undefined ? {} : { nodes: flags.nodes }),
    ...(flags.segments === undefined ? {} : { segments: flags.segments }),
    targets: readModelCard(model, defaultModelLimits).task === 'regression',
  });
  const { labelRate, labelPolicy, baselines, factorBits, points } = flags;
  const gossip = gossipOf(flags);
  const experts = expertsOf(flags);
  const { readAdapter } = await import('../adapters/read-adapter.ts');
  const learnA = flags.learnA ?? defaultLearningOptions.learnA;
  const page = flags.report === undefined ? null : await import('../report/page.ts');
  const played = playRecording({
    ...(flags.adapter === undefined ? {} : { adapter: await readAdapter(flags.adapter) }),
    ...{ recording, model, labelRate, labelPolicy, seed: flags.seed, experts, baselines },
    ...(gossip === null ? {} : { gossip }),
    curvePoints: page?.curvePointsFor(recording.nodes.length) ?? 0,
    // Several adapters share their A, unless it is asked for.
    pool: { ...defaultPipelineOptions.pool, adaptersMax: flags.adapters, learnsA: flags.learnA !== undefined },
    learning: learningWithout({ ...defaultLearningOptions, factorBits, points, learnA }, flags.without),
    ...(flags.replayBytes === undefined ? {} : { replayBytes: flags.replayBytes }),
    ...(flags.probe === undefined ? {} : { probe: await readProbe(flags.probe, flags.probeSegments) }),
    now: () => performance.now(),
  });
  if (flags.saveAdapter !== undefined) {
    const { exportActive } = await import('../adapters/adapter-file.ts');
    await writeFile(flags.saveAdapter, exportActive(played.nodes.at(-1)!.pipeline));
  }
  const { report } = played;
  if (page !== null && flags.report !== undefined) {
    await writeFile(flags.report, page.replayPage(played, `Replay of ${basename(path)}`, factsOf(path, flags, model)));
  }
  if (flags.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else printReplay(process.stdout, report);
}

/** @throws CommandError for flags that say nothing without another */
function gossipOf({ gossip, liars, attack, defence }: ReplayFlags): ReplayGossip | null {
  if (gossip === undefined) {
    if (liars !== undefined) throw new CommandError('liars', '--liars lie in gossip: add --gossip', 2);
    return null;
  }
  const everyWindows = gossip === true ? GOSSIP_EVERY_WINDOWS : gossip;
  return { everyWindows, defence, liars: liars === undefined || liars === 0 ? null : { share: liars, attack } };
}

const expertsOf = ({ experts, gossip }: ReplayFlags): readonly ExpertName[] =>
  experts ?? (gossip === undefined ? ownExpertNames : expertNames);

const readProbe = async (path: string, segments: string[] | undefined): Promise<Recording> => {
  const { readRecording } = await import('../../firmware/io/recording.ts');
  return readRecording(path, { ...(segments === undefined ? {} : { segments }), targets: false });
};

/** The options of a replay as its page shows them. */
function factsOf(path: string, flags: ReplayFlags, model: Uint8Array): [name: string, value: string][] {
  const { labelRate, seed, segments, nodes, baselines, factorBits, adapters: kept, labelPolicy, points } = flags;
  return [
    ['recording', path === '-' ? 'standard input' : basename(path)],
    ['model', `${basename(flags.model)}, ${model.length} bytes`],
    ['seed', `${seed}`],
    ['label rate', `${labelRate}, ${labelPolicy}`],
    ['segments', segments?.join(', ') ?? 'all'],
    ['nodes', nodes?.join(', ') ?? 'all'],
    ['experts', expertsOf(flags).join(', ')],
    ['gossip', gossipText(gossipOf(flags))],
    ['left out of learning', flags.without.join(', ') || 'nothing'],
    ['baselines', baselines.join(', ') || 'none'],
    ['bits of adapter factors', `${factorBits}`],
    ['adapters', `${kept}`],
    ['adapter points that learn, at most', `${points}`],
  ];
}

function gossipText(gossip: ReplayGossip | null): string {
  if (gossip === null) return 'none';
  const { everyWindows, defence, liars } = gossip;
  const lies = liars === null ? '' : `, ${liars.share} of the nodes lie (${liars.attack})`;
  return `every ${everyWindows} windows, defence ${defence}${lies}`;
}

function among<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    list(text).map((name) => {
      const found = known.find((candidate) => candidate === name);
      if (found === undefined) throw new InvalidArgumentError(`There is no ${name}; choose among ${known.join(', ')}.`);
      return found;
    });
}

function factorBits(text: string): FactorBits {
  const bits = FACTOR_BITS.find((choice) => String(choice) === text);
  if (bits === undefined) throw new InvalidArgumentError(`It must be one of ${FACTOR_BITS.join(', ')}.`);
  return bits;
}

const adapters = integerFrom(1, ADAPTERS_MAX);

function seed(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number of 0 or more.');
  }
  return value;
}
