import { createRandom } from '../../kernels/random.ts';
import type { DisseminationEffect, DisseminationMessage } from '../../protocols/dissemination/messages.ts';
import { DisseminationOrigin } from '../../protocols/dissemination/origin.ts';

export interface TreeOptions {
  readonly members: number;
  readonly publications: number;
  /** Share of messages that are lost. */
  readonly loss: number;
  /** Share of members that are dead, drawn anew for every publication; nobody knows. The origin is never among them. */
  readonly dead: number;
  /** Share of members whose messages take twenty times as long as the others' 5 to 50 ms; never the origin. */
  readonly slow: number;
  readonly seed: number;
}

export interface TreeOutcome {
  /** Of (living member, publication): delivered, and delivered more than once. */
  readonly delivered: number;
  readonly twice: number;
  /** Longest way from an origin, in relays. */
  readonly depth: number;
  /** `give` messages of one publication and member. */
  readonly gives: number;
  /** Time from publishing until a living member that is not slow has it, ms: mean of the first and the second half. */
  readonly meanMs: readonly [number, number];
  /** Publications of which the origin learned that they were complete. */
  readonly completed: number;
  /** Members of which the origin was told that they have it, of those that do. */
  readonly counted: number;
}

interface Flight {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly message: DisseminationMessage;
}

const TOPIC = 'model';
const SLOWER = 20;
/** Virtual time after which a publication is over, ms. */
const HORIZON_MS = 600_000;

/** One member publishes again and again on one topic; a virtual network with loss, slow members and dead ones. */
export function runTreeWorld(options: TreeOptions): TreeOutcome {
  const { members, publications, seed } = options;
  const random = createRandom(seed, 'tree world');
  const names = Array.from({ length: members }, (_, i) => `node-${i}`);
  const indexOf = new Map(names.map((name, i) => [name, i]));
  const slow = names.map((_, i) => random.float() < options.slow && i > 0);
  const nodes = names.map((self) => new DisseminationOrigin({ self, members: () => names, suspected: () => false }));
  let [delivered, twice, depth, gives, completed, counted, wanted, now] = [0, 0, 0, 0, 0, 0, 0, 0];
  const times: [number[], number[]] = [[], []];
  for (let sequence = 0; sequence < publications; sequence++) {
    const dead = names.map((_, i) => i > 0 && random.float() < options.dead);
    const received = new Set<number>();
    let flights: Flight[] = [];
    const began = now;
    const carry = (from: number, effects: readonly DisseminationEffect[]): void => {
      for (const effect of effects) {
        if (effect.kind === 'complete') {
          completed += 1;
          counted += effect.has;
        }
        if (effect.kind === 'deliver') {
          if (received.has(from)) twice += 1;
          received.add(from);
          if (!slow[from]!) times[sequence < publications / 2 ? 0 : 1].push(now - began);
        }
        if (effect.kind !== 'send') continue;
        const to = indexOf.get(effect.to)!;
        if (effect.message.kind === 'give') {
          gives += 1;
          depth = Math.max(depth, effect.message.path.length);
        }
        const latency = (5 + 45 * random.float()) * (slow[from]! || slow[to]! ? SLOWER : 1);
        if (random.float() >= options.loss) flights.push({ at: now + latency, from, to, message: effect.message });
      }
    };
    carry(0, nodes[0]!.publish(TOPIC, sequence, new Uint8Array(0), now));
    while (now < began + HORIZON_MS) {
      const next = flights.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY);
      const wake = nodes.reduce((first, node, i) => (dead[i]! ? first : Math.min(first, node.wakeAt)), next);
      if (wake === Number.POSITIVE_INFINITY) break;
      now = Math.max(now, wake);
      const due = flights.filter(({ at }) => at <= now);
      flights = flights.filter(({ at }) => at > now);
      for (const { from, to, message } of due) {
        if (!dead[to]!) carry(to, nodes[to]!.receive(names[from]!, message, now));
      }
      for (const [i, node] of nodes.entries()) if (!dead[i]! && node.wakeAt <= now) carry(i, node.tick(now));
    }
    now = began + HORIZON_MS;
    wanted += dead.filter((gone, i) => i > 0 && !gone).length;
    delivered += received.size;
  }
  return {
    delivered: delivered / wanted,
    twice: twice / wanted,
    depth,
    gives: gives / (publications * (members - 1)),
    meanMs: [meanOf(times[0]), meanOf(times[1])],
    completed,
    counted: counted / delivered,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
