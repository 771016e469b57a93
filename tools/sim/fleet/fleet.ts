import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Mesh } from '../../../firmware/configuration/mesh.ts';
import type { Configuration } from '../../../firmware/configuration.ts';
import { CommandError } from '../../errors.ts';
import { nodeProgram, startNodeProcess } from './program.ts';
import { type FleetReport, type NodeSummary, summariseFleet } from './report.ts';
import { bridgesOf, type FleetSite, openFleetSites, siteOf } from './sites.ts';
import { WireCount } from './wire-count.ts';

export interface FleetOptions {
  /** What each node plays, and how it is called; without a recording each has a simulated machine. */
  readonly nodes: readonly string[];
  readonly recording: string | null;
  readonly segments: readonly string[] | null;
  /** The .tflite file; the demonstration's own when null. */
  readonly model: string | null;
  readonly adapterParameters: number;
  /** Times the speed of the recording. */
  readonly speed: number;
  readonly labelRate: number;
  readonly seed: number;
  /** Of the simulated machines, seconds. */
  readonly seconds: number;
  readonly mesh: Mesh | null;
  /** `embedded`, `mosquitto` or a URL. */
  readonly broker: string;
  /** Each with a broker of its own, and joined to the next by one node. */
  readonly sites: number;
  readonly now: () => number;
  /** Hears how far it is. */
  readonly notice: (text: string) => void;
}

/** On one machine. A fleet of newcomers asks for 36 times as long before it believes that nobody has anything. */
const ANSWER_SECONDS = 0.25;
/** Processes that start at a time: more would only wait for each other. */
const STARTS_AT_ONCE = 4;
const START_PAUSE_MS = 400;

/** Real node processes on real brokers. @throws CommandError `nodeFailed`, `noProgram`, `noMosquitto`, `oneBroker` */
export const simulateFleet = async (options: FleetOptions): Promise<FleetReport> => {
  const began = options.now();
  const program = nodeProgram();
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-fleet-'));
  const wire = new WireCount();
  const sites = await openFleetSites(options.sites, options.broker, wire);
  const running: ReturnType<typeof startNodeProcess>[] = [];
  try {
    for (const [at, name] of options.nodes.entries()) {
      const path = join(folder, `${nodeName(at)}.json`);
      await writeFile(path, JSON.stringify(configurationOf(options, sites, name, at, folder)));
      const length = options.recording === null ? ['--duration', `${options.seconds}s`] : [];
      running.push(startNodeProcess(program, ['run', '--config', path, '--json', '--log-level', 'error', ...length]));
      if (at % STARTS_AT_ONCE === STARTS_AT_ONCE - 1) await new Promise((done) => setTimeout(done, START_PAUSE_MS));
    }
    options.notice(`${running.length} nodes play through ${sites.map(({ url }) => url).join(', ')}`);
    const summaries = await Promise.all(
      running.map(async ({ ended }, at) => summaryOf(await ended, options.nodes[at]!)),
    );
    const about = { seed: options.seed, adapterParameters: options.adapterParameters, broker: options.broker };
    const elapsedMs = Math.round(options.now() - began);
    return summariseFleet(summaries, (node) => wire.of(node), { ...about, messageBytesMax: wire.bytesMax, elapsedMs });
  } finally {
    for (const { child } of running) child.kill();
    await Promise.all(sites.map((site) => site.close()));
    await rm(folder, { recursive: true, force: true });
  }
};

/** Names of recordings may be anything; on the wire they are numbers. */
const nodeName = (at: number): string => `node-${at + 1}`;

const configurationOf = (
  options: FleetOptions,
  sites: readonly FleetSite[],
  name: string,
  at: number,
  folder: string,
): Configuration => {
  const { recording, segments, model, speed, labelRate, seed, mesh } = options;
  const { name: site, url } = siteOf(sites, at);
  const bridges = bridgesOf(sites, at);
  const simulated = {
    sensor: { kind: 'simulated' as const, seed: seed * 1_000 + at, drift: { beginMs: 5_000, endMs: 8_000 } },
    labeller: { rate: labelRate, delayMsMin: 500, delayMsMax: 2_000 },
  };
  const played = {
    sensor: {
      ...{ kind: 'recording' as const, path: resolve(recording ?? ''), node: name, speed, labelRate },
      ...(segments === null ? {} : { segments: [...segments] }),
    },
  };
  return {
    ...{ site, node: nodeName(at), board: 'pc', broker: { url }, seed, state: join(folder, nodeName(at)) },
    ...(recording === null ? simulated : played),
    ...(model === null ? {} : { model: resolve(model) }),
    ...(mesh === null
      ? {}
      : { mesh: { ...mesh, answerSeconds: ANSWER_SECONDS, ...(bridges.length > 0 && { bridges: [...bridges] }) } }),
    experts: ['frozen', 'renormalised', 'local', 'linear', 'context'],
  };
};

const summaryOf = (
  { code, last, complaint }: { readonly code: number | null; readonly last: string; readonly complaint: string },
  name: string,
): NodeSummary => {
  if (code === 0 && last.startsWith('{')) return JSON.parse(last) as NodeSummary;
  throw new CommandError('nodeFailed', `the node of "${name}" ended with ${code}: ${complaint.trim() || last}`);
};
