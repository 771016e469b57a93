import { createRandom, type Random } from '../../kernels/random.ts';
import { type PrivacyOptions, PrivateUpdates } from '../../protocols/privacy/private-updates.ts';
import { createDefence, createRule } from '../../protocols/robust/create-defence.ts';
import type { Defence, DefenceName } from '../../protocols/robust/defence.ts';
import type { Judge } from '../../protocols/robust/trusting.ts';
import { type AttackName, attack } from './attacks.ts';
import { QuadraticFleet } from './quadratic-fleet.ts';

/** The rule alone, with reputation, or with reputation and quarantine by the node's own loss. */
export const TRUST_KINDS = ['rule', 'reputation', 'judge'] as const;

export interface DefendedOptions {
  readonly nodes: number;
  /** Nodes that lie, drawn by the seed. */
  readonly liars: number;
  readonly attack: AttackName;
  readonly defence: DefenceName;
  readonly trust: (typeof TRUST_KINDS)[number];
  readonly cycles: number;
  readonly spread: number;
  readonly seed: number;
  readonly strength?: number;
  /** Orders of the members that the cycles take in turn; 1: everybody meets the same log2 N partners for ever. */
  readonly orders: number;
  /** Every node clips what it learns in a cycle and adds noise. */
  readonly privacy?: PrivacyOptions;
}

export interface DefendedOutcome {
  /**
   * The honest nodes' mean common loss, averaged over the last quarter: 0 is the best for all of them, 1 is as bad as
   * not learning, more is worse than that.
   */
  readonly loss: number;
  /** ε that a node has spent; 0 without privacy. */
  readonly epsilon: number;
  /** Share of (honest receiver, honest peer) that were ever in quarantine, and of (honest receiver, liar). */
  readonly honestQuarantined: number;
  readonly liarsQuarantined: number;
}

const SIZE = 32;
const STEPS = 4;
const RATE = 0.05;
const NOISE = 1;

/**
 * Honest nodes learn on their own losses and mix by one-peer rounds, fold, double and unfold, in step and without loss;
 * liars take part with the value of an attack.
 */
export function runDefendedFleet(options: DefendedOptions): DefendedOutcome {
  const { nodes, cycles, seed } = options;
  const fleet = new QuadraticFleet({ nodes, size: SIZE, spread: options.spread, noise: NOISE, seed });
  const random = createRandom(seed, 'liars');
  const order = shuffled(nodes, random);
  const lying = new Set(order.slice(0, options.liars));
  const honest = order.filter((i) => !lying.has(i)).sort((a, b) => a - b);
  const members = Array.from({ length: nodes }, (_, i) => ({
    estimate: new Float64Array(SIZE),
    defence: defenceOf(options, (values) => fleet.loss(i, values)),
    updates: options.privacy === undefined ? null : new PrivateUpdates(options.privacy, random.normal, null),
  }));
  const schedules = Array.from({ length: options.orders }, () => roundsOf(shuffled(nodes, random)));
  const meetings = new Map<string, { readonly lies: boolean; readonly quarantined: boolean }>();
  let [sum, counted] = [0, 0];
  for (let cycle = 0; cycle < cycles; cycle++) {
    members.forEach(({ estimate, updates }, i) => {
      const before = estimate.slice();
      fleet.learn(i, estimate, STEPS, RATE);
      if (updates === null) return;
      const update = estimate.map((value, d) => value - before[d]!);
      updates.release(update);
      for (let d = 0; d < SIZE; d++) estimate[d] = before[d]! + update[d]!;
    });
    for (const pairs of schedules[cycle % options.orders]!) {
      const held = honest.map((i) => members[i]!.estimate);
      const said = members.map(({ estimate }, i) =>
        lying.has(i)
          ? attack(options.attack, held, estimate, random, options.liars, options.strength)
          : estimate.slice(),
      );
      for (const { from, to, share } of pairs) {
        mix(members[to]!, `node-${from}`, said[from]!, share);
        if (lying.has(to)) continue;
        const edge = `${from} ${to}`;
        const quarantined = members[to]!.defence.latest === 'quarantined' || meetings.get(edge)?.quarantined === true;
        meetings.set(edge, { lies: lying.has(from), quarantined });
      }
    }
    if (cycle < 0.75 * cycles) continue;
    for (const i of honest) sum += fleet.commonLoss(honest, members[i]!.estimate);
    counted += honest.length;
  }
  const share = (lies: boolean): number => {
    const met = [...meetings.values()].filter((meeting) => meeting.lies === lies);
    return met.length === 0 ? 0 : met.filter((meeting) => meeting.quarantined).length / met.length;
  };
  const epsilon = members[0]!.updates?.epsilon ?? 0;
  return { loss: sum / counted, epsilon, honestQuarantined: share(false), liarsQuarantined: share(true) };
}

function defenceOf({ defence, trust }: DefendedOptions, judge: Judge): Defence {
  if (trust === 'rule' && defence !== 'none') return createRule(defence);
  return createDefence(defence, trust === 'judge' ? judge : null);
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
