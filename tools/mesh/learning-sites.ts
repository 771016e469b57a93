import { createRandom } from '../../kernels/random.ts';
import { isWaiting, levelMachines } from '../../protocols/gossip/bridge.ts';
import { createGossip, type Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect, GossipOptions } from '../../protocols/gossip/options.ts';
import type { GossipBody } from '../../protocols/messages/gossip.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import type { DefenceName } from '../../protocols/robust/defence.ts';
import { squaredDistance } from '../../protocols/robust/distance.ts';

export interface LearningSitesOptions {
  /** Gateways of each of two sites. */
  readonly size: number;
  /** Of these, how many of the first site are members of the second too. */
  readonly bridges: number;
  readonly defence: DefenceName;
  /** How far the two sites' optima lie from the common one, per coordinate; own optima lie 0.5 from their site's. */
  readonly apart: number;
  readonly cycles: number;
  readonly seed: number;
}

/** Root mean squares over coordinates. */
export interface LearningSitesOutcome {
  /** From the optimum of all gateways, mean over gateways. */
  readonly error: number;
  /** Between the means of the two sites. */
  readonly gap: number;
}

const DIMENSIONS = 32;
const SPREAD = 0.5;
const RATE = 0.05;
const PERIOD_MS = 10_000;

interface Seat {
  readonly name: string;
  readonly machine: Gossip;
  /** All machines of its gateway, that at home first. */
  readonly gateway: Gossip[];
}

/**
 * Two sites of learners that all begin at 0 and go on learning, each towards an optimum of its own, with a judge that
 * knows its distance. Nothing is lost, and messages arrive at once.
 */
export function runLearningSites(options: LearningSitesOptions): LearningSitesOutcome {
  const optima = optimaOf(options);
  const sites = seatsOf(options, optima);
  const homes = sites.flatMap((seats) => seats.slice(0, options.size));
  for (const [at, seats] of sites.entries()) introduce(seats, at);
  for (let cycle = 1; cycle <= options.cycles; cycle++) {
    for (const [at, { machine }] of homes.entries()) {
      const theta = estimateOf(machine);
      machine.moved(theta.map((value, d) => -RATE * (value - optima[at]![d]!)));
    }
    for (const seats of sites) runCycle(seats, cycle * PERIOD_MS);
  }
  const estimates = homes.map(({ machine }) => estimateOf(machine));
  const goal = meanOf(optima);
  const errors = estimates.map((estimate) => squaredDistance(estimate, goal) / DIMENSIONS);
  const [one, other] = [estimates.slice(0, options.size), estimates.slice(options.size)];
  return {
    error: Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / errors.length),
    gap: Math.sqrt(squaredDistance(meanOf(one), meanOf(other)) / DIMENSIONS),
  };
}

function optimaOf({ size, apart, seed }: LearningSitesOptions): readonly Float64Array[] {
  return [0, 1].flatMap((site) => {
    const [of, own] = [createRandom(seed, `site ${site}`), createRandom(seed, `own ${site}`)];
    const common = Float64Array.from({ length: DIMENSIONS }, () => 1 + apart * of.normal());
    return Array.from({ length: size }, () => common.map((value) => value + SPREAD * own.normal()));
  });
}

function seatsOf({ size, bridges, defence }: LearningSitesOptions, optima: readonly Float64Array[]): Seat[][] {
  const values = new Float64Array(DIMENSIONS);
  const parts = [{ offset: 0, length: DIMENSIONS }];
  const machineOf = (gateway: number, entry: GossipOptions['entry']): Gossip => {
    const judge = (theta: Float64Array): number => squaredDistance(theta, optima[gateway]!) / DIMENSIONS;
    const about = { self: nameOf(gateway), generation: 1, lineage: '6d79726d65782121', parts, values, entry };
    return createGossip({ ...about, defence: () => createDefence(defence, judge) });
  };
  const seatOf = (gateway: number): Seat => {
    const machine = machineOf(gateway, 'founder');
    return { name: nameOf(gateway), machine, gateway: [machine] };
  };
  const homes = optima.map((_, gateway) => seatOf(gateway));
  const guests = homes.slice(0, bridges).map(({ name, gateway }, at) => {
    const machine = machineOf(at, 'guest');
    gateway.push(machine);
    return { name, machine, gateway };
  });
  return [homes.slice(0, size), [...homes.slice(size), ...guests]];
}

function introduce(seats: readonly Seat[], now: number): void {
  const names = seats.map(({ name }) => name).sort();
  const members = names.map((name) => ({ name, generation: 1, present: true }));
  for (const { machine } of seats) machine.members(members, now);
}

/** One cycle of a site; a bridge levels as it does in a node. */
function runCycle(seats: readonly Seat[], now: number): void {
  const byName = new Map(seats.map((seat) => [seat.name, seat]));
  const letters: { from: string; to: string; body: GossipBody }[] = [];
  const post = ({ name, gateway }: Seat, effects: readonly GossipEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'send') letters.push({ from: name, to: effect.to, body: effect.body });
    }
    if (isWaiting(gateway) || effects.some(({ kind }) => kind === 'mixed')) levelMachines(gateway);
  };
  for (const seat of seats) {
    post(seat, seat.machine.begin(now));
    for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
      const to = byName.get(letter.to)!;
      post(to, to.machine.receive(letter.from, letter.body, now));
    }
  }
}

const nameOf = (gateway: number): string => `n${String(gateway).padStart(3, '0')}`;

function estimateOf(machine: Gossip): Float64Array {
  const out = new Float64Array(DIMENSIONS);
  machine.estimate(out);
  return out;
}

function meanOf(values: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(DIMENSIONS);
  for (const value of values) for (let d = 0; d < DIMENSIONS; d++) sum[d] = sum[d]! + value[d]!;
  return sum.map((value) => value / values.length);
}
