import { createRandom, type Random } from '../../kernels/random.ts';
import { roundsOf } from '../../protocols/gossip/schedule.ts';
import { drawn } from './drawn.ts';
import { estimateOf } from './liars.ts';
import { MassChecker } from './mass-checker.ts';
import type { MeshNode } from './mesh-node.ts';
import type { MeshOptions } from './mesh-options.ts';
import { MeshWorld, STALENESS_CYCLES } from './mesh-world.ts';
import type { Outage } from './network.ts';
import { halvingCycles, periodOf, seatsOf, siteSize } from './sites.ts';
import { farthest, shrinks, spreadOf } from './spread.ts';
import { TransferChecker } from './transfer-checker.ts';

/** Largest deviation that counts as none: of Σs and Σw (issue 6), and of float values. */
const TOLERANCE = 1e-6;
/** Within one site spread halves in a cycle or two. */
const WINDOW_CYCLES = 8;
/** Between sites it takes so many times as long as it must. */
const WINDOW_HALVINGS = 2;

export interface MeshCheck {
  /** Null: the run is not one that promises it. */
  readonly ok: boolean | null;
  readonly found: readonly string[];
}

export interface MeshReport {
  /** Of each site. */
  readonly nodes: number;
  readonly sites: number;
  readonly bridges: number;
  readonly rounds: number;
  readonly cycles: number;
  readonly seed: number;
  /** Among honest nodes: at the start and after each cycle. */
  readonly spread: readonly number[];
  /** Largest difference of an honest node's estimate from Σs / Σw at the end (with liars: from the honest mean). */
  readonly error: number;
  /** How far the mean of the honest nodes is from there: root mean square over coordinates. */
  readonly bias: number;
  /** The largest error in levels of int8 of the largest value. */
  readonly errorQuanta: number;
  /** Share of node-cycles in which everything came that was waited for. */
  readonly complete: number;
  readonly weightDeparted: number;
  readonly sumError: number;
  readonly weightError: number;
  readonly checks: Readonly<Record<'mean' | 'once' | 'staleness' | 'spread', MeshCheck>>;
  readonly messages: number;
  readonly applications: number;
  readonly messagesPerNodeRound: number;
  /** On the wire, signature and topic included. */
  readonly bytesPerNodeRound: number;
  readonly bytesPerMessage: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  /** Of this process, all its threads. */
  readonly cpuMs: number;
}

export interface Clocks {
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

/** Runs a fleet from a seed, and says what the checkers found. @param clocks for the two times of the report only */
export function simulateMesh(options: MeshOptions, clocks: () => Clocks): MeshReport {
  const started = clocks();
  const period = periodOf(options);
  const roundsOfCycle = roundsOf(siteSize(options));
  const active = Math.ceil(options.rounds / roundsOfCycle);
  const cycles = active + Math.ceil(options.cutMs / period);
  const world = new MeshWorld(options, outagesOf(options, cycles * period, createRandom(options.seed, 'outages')));
  const mass = new MassChecker(world.nodes, () => world.queue.now, 3 * STALENESS_CYCLES * period);
  const transfers = new TransferChecker(STALENESS_CYCLES);
  world.watch({ mass, transfers });
  planTroubles(world, options, cycles, createRandom(options.seed, 'troubles'));
  const honest = (): readonly MeshNode[] => world.nodes.filter((node) => !node.liar && node.up && isSeasoned(node));
  const spread = [spreadOf(honest().map(estimateOf))];
  const goal = meanOf(world.nodes.filter((node) => !node.liar && isHome(node)).map((node) => world.startOf(node)));
  world.run(cycles, () => {
    spread.push(spreadOf(honest().map(estimateOf)));
    mass.check();
  });
  const values = honest().map(estimateOf);
  const truth = options.liars > 0 ? goal : mass.mean();
  const error = farthest(values, truth);
  const quantum = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
  const nodeRounds = active * world.nodes.length * roundsOfCycle;
  return {
    ...{ nodes: options.nodes, sites: options.sites, bridges: options.bridges },
    rounds: active * roundsOfCycle,
    cycles,
    seed: options.seed,
    spread,
    error,
    bias: spreadOf([meanOf(values), truth]) * 2,
    errorQuanta: error / quantum,
    complete: world.completeCycles / (active * world.nodes.length),
    weightDeparted: mass.departed,
    sumError: mass.sumError,
    weightError: mass.weightError,
    checks: {
      mean: meanCheck(options, mass),
      once: { ok: transfers.twice.length === 0, found: transfers.twice },
      staleness: { ok: transfers.stale.length === 0, found: transfers.stale },
      spread: spreadCheck(options, spread, quantum),
    },
    messages: world.messages,
    applications: transfers.applications,
    messagesPerNodeRound: world.messages / nodeRounds,
    bytesPerNodeRound: world.bytes / nodeRounds,
    bytesPerMessage: world.bytes / world.messages,
    refused: world.refused,
    elapsedMs: clocks().elapsedMs - started.elapsedMs,
    cpuMs: clocks().cpuMs - started.cpuMs,
  };
}

/** Weights are kept whatever liars say and defences do; values only where nobody changes them. */
function meanCheck({ liars, defence }: MeshOptions, { sumError, weightError }: MassChecker): MeshCheck {
  const kept = liars > 0 || defence !== 'none' ? weightError : Math.max(sumError, weightError);
  const found = kept > TOLERANCE ? [`Σs is off by ${sumError}, Σw by ${weightError}`] : [];
  return { ok: found.length === 0, found };
}

/**
 * While a fleet is cut in pieces or silent its parts stay apart, and undefended liars drive it apart. A rule against
 * liars lets a site that agrees go towards a bridge's value slowly, as it would towards a lie.
 */
function spreadCheck(options: MeshOptions, spread: readonly number[], quantum: number): MeshCheck {
  const { partitions, cutMs, liars, defence, precision, sites } = options;
  const isHeldUp = partitions > 0 || cutMs > 0 || (sites > 1 && defence !== 'none');
  if (isHeldUp || (liars > 0 && defence === 'none')) return { ok: null, found: [] };
  const floor = liars > 0 ? spread[0]! / 4 : precision === 'int8' ? quantum : 1e-9;
  const ok = shrinks(spread, floor, windowOf(options));
  return { ok, found: ok ? [] : [`spread by cycle: ${spread.map((value) => value.toPrecision(3)).join(' ')}`] };
}

/** Cycles over which spread must halve: far more than it takes, as churn and outages may hold it up for a while. */
function windowOf(options: MeshOptions): number {
  const lanes = Math.ceil(options.parameters / options.valuesMax);
  return lanes * Math.ceil(WINDOW_CYCLES + WINDOW_HALVINGS * halvingCycles(options));
}

/** A split lasts six cycles: long enough for both sides to give the other up. */
function outagesOf(options: MeshOptions, endMs: number, random: Random): readonly Outage[] {
  const { partitions, cutMs } = options;
  const period = periodOf(options);
  const nodes = seatsOf(options).length;
  const splits = Array.from({ length: partitions }, () => {
    const fromMs = endMs * (0.1 + 0.6 * random.float());
    const side = drawn(nodes, Math.max(1, Math.floor(nodes * (0.2 + 0.3 * random.float()))), random);
    return { fromMs, toMs: fromMs + 6 * period, side };
  });
  const fromMs = (endMs - cutMs) / 2;
  return cutMs > 0 ? [...splits, { fromMs, toMs: fromMs + cutMs, side: null }] : splits;
}

/** Crashes, returns and clocks that jump, in the first 70 % of the time. */
function planTroubles(world: MeshWorld, options: MeshOptions, cycles: number, random: Random): void {
  const { churn, clockJumps } = options;
  const nodes = options.sites * options.nodes;
  const moment = (): number => cycles * world.periodMs * (0.1 + 0.6 * random.float());
  let withDisk = false;
  for (const index of drawn(nodes, Math.round(churn * nodes), random)) {
    const at = moment();
    const disk = withDisk;
    withDisk = !withDisk;
    world.queue.at(at, () => world.crash(index, disk));
    world.queue.at(at + world.periodMs * (0.5 + 4 * random.float()), () => world.revive(index));
  }
  for (const index of drawn(nodes, Math.round(clockJumps * nodes), random)) {
    const jump = random.integer(7_200_000) - 3_600_000;
    world.queue.at(moment(), () => world.jump(index, jump));
  }
}

function isHome({ index, gateway }: MeshNode): boolean {
  return index === gateway;
}

function isSeasoned({ machine }: MeshNode): boolean {
  return machine.holdings.unseasoned().length === 0;
}

function meanOf(values: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(values[0]!.length);
  for (const value of values) for (let d = 0; d < mean.length; d++) mean[d] = mean[d]! + value[d]! / values.length;
  return mean;
}
