import { createRandom, type Random } from '../../kernels/random.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import type { Defence, DefenceName } from '../../protocols/robust/defence.ts';
import { type AttackName, attack } from './attacks.ts';
import { QuadraticFleet } from './quadratic-fleet.ts';

export interface DefendedOptions {
  readonly nodes: number;
  /** Nodes that lie, drawn by the seed. */
  readonly liars: number;
  readonly attack: AttackName;
  readonly defence: DefenceName;
  readonly cycles: number;
  readonly spread: number;
  readonly seed: number;
  readonly strength?: number;
  /** Orders of the members that the cycles take in turn; 1: everybody meets the same log2 N partners for ever. */
  readonly orders: number;
}

const SIZE = 32;
const STEPS = 4;
const RATE = 0.05;
const NOISE = 1;

/**
 * Honest nodes learn on their own losses and mix by one-peer rounds, fold, double and unfold, in step and without loss;
 * liars take part with the value of an attack. Returns the honest nodes' mean common loss, averaged over the last
 * quarter: 0 is the best for all of them, 1 is as bad as not learning, more is worse than that.
 */
export function runDefendedFleet(options: DefendedOptions): number {
  const { nodes, cycles, seed } = options;
  const fleet = new QuadraticFleet({ nodes, size: SIZE, spread: options.spread, noise: NOISE, seed });
  const random = createRandom(seed, 'liars');
  const order = shuffled(nodes, random);
  const lying = new Set(order.slice(0, options.liars));
  const honest = order.filter((i) => !lying.has(i)).sort((a, b) => a - b);
  const members = order.map(() => ({ estimate: new Float64Array(SIZE), defence: createDefence(options.defence) }));
  const schedules = Array.from({ length: options.orders }, () => roundsOf(shuffled(nodes, random)));
  let [sum, counted] = [0, 0];
  for (let cycle = 0; cycle < cycles; cycle++) {
    members.forEach(({ estimate }, i) => void fleet.learn(i, estimate, STEPS, RATE));
    for (const pairs of schedules[cycle % options.orders]!) {
      const held = honest.map((i) => members[i]!.estimate);
      const said = members.map(({ estimate }, i) =>
        lying.has(i)
          ? attack(options.attack, held, estimate, random, options.liars, options.strength)
          : estimate.slice(),
      );
      for (const { from, to, share } of pairs) mix(members[to]!, `node-${from}`, said[from]!, share);
    }
    if (cycle < 0.75 * cycles) continue;
    for (const i of honest) sum += fleet.commonLoss(honest, members[i]!.estimate);
    counted += honest.length;
  }
  return sum / counted;
}

/** x ← x + share (v' − x). */
function mix(
  member: { readonly estimate: Float64Array; readonly defence: Defence },
  peer: string,
  value: Float64Array,
  share: number,
): void {
  const { estimate } = member;
  const admitted = member.defence.admit(estimate, peer, value);
  for (let d = 0; d < SIZE; d++) estimate[d] = estimate[d]! + share * (admitted[d]! - estimate[d]!);
}

interface Push {
  readonly from: number;
  readonly to: number;
  /** The push's part of the receiver's weight afterwards. */
  readonly share: number;
}

/** Rounds of fold, double, unfold over N nodes with their weights in the steady state (all equal after the fold). */
function roundsOf(order: readonly number[]): readonly (readonly Push[])[] {
  let p = 1;
  while (2 * p <= order.length) p *= 2;
  const push = (from: number, to: number, share: number): Push => ({ from: order[from]!, to: order[to]!, share });
  const extras = Array.from({ length: order.length - p }, (_, k) => k);
  const rounds: Push[][] = [extras.map((k) => push(p + k, k, 0.5))];
  for (let bit = 1; bit < p; bit *= 2) rounds.push(Array.from({ length: p }, (_, i) => push(i, i ^ bit, 0.5)));
  rounds.push(extras.map((k) => push(k, p + k, 1)));
  return rounds;
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
