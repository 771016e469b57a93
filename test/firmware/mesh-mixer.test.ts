import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Share } from '../../firmware/io/share.ts';
import { LossBook } from '../../firmware/mesh/loss-book.ts';
import { Mixer } from '../../firmware/mesh/mixer.ts';
import { type Discretion, openDiscretion } from '../../firmware/mesh/privacy.ts';
import { Seats } from '../../firmware/mesh/seats.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';
import { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const LINEAGE = '0123456789abcdef';
const PARTS = [{ offset: 0, length: 2 }];

/** A node whose worker answers at once. */
class Node {
  theta = new Float64Array(2);
  share: Share;
  readonly gossip: Gossip;
  readonly mixer: Mixer;

  constructor(
    readonly name: string,
    readonly clock: { now: number },
    discretion: Discretion | null = null,
  ) {
    this.share = this.createShare();
    const values = new Float64Array(2);
    const options = {
      self: name,
      generation: 1,
      lineage: LINEAGE,
      parts: PARTS,
      values,
      precision: 'float64',
    } as const;
    this.gossip = new Gossip({ ...options, entry: 'founder' });
    const now = (): number => clock.now;
    const seats = new Seats();
    seats.add(this.gossip);
    const parts = { gossip: this.gossip, seats, share: () => this.share, losses: new LossBook(), discretion, now };
    this.mixer = new Mixer(parts, this.share, values.slice());
  }

  createShare(): Share {
    return {
      ...{ size: 2, parts: PARTS, lineage: LINEAGE },
      read: async () => this.theta.slice(),
      add: async (delta) => {
        this.theta = this.theta.map((value, i) => value + delta[i]!);
      },
      judge: async () => 0,
      own: async () => ({ values: new Float64Array(2), labels: 0, giver: 0 }),
      give: async () => {},
    };
  }

  learn(...delta: number[]): void {
    this.theta = this.theta.map((value, i) => value + delta[i]!);
  }
}

const createPair = (discretion: Discretion | null = null): { one: Node; other: Node } => {
  const clock = { now: 0 };
  const one = new Node('a', clock, discretion);
  const other = new Node('b', clock, discretion);
  const members = [one, other].map(({ name }) => ({ name, generation: 1, present: true }));
  for (const { gossip } of [one, other]) gossip.members(members, 0);
  return { one, other };
};

/** A cycle whose time comes to `first` before it comes to the other; messages arrive at once. */
const cycle = async (first: Node, second: Node): Promise<void> => {
  first.clock.now += 10_000;
  let waiting = (await first.mixer.begin()).map((effect): [Node, GossipEffect] => [first, effect]);
  // Whose place is to answer says nothing yet.
  if (waiting.length === 0) waiting = (await second.mixer.begin()).map((effect) => [second, effect]);
  while (waiting.length > 0) {
    const next: typeof waiting = [];
    for (const [from, effect] of waiting) {
      if (effect.kind !== 'send') continue;
      const to = from === first ? second : first;
      for (const answer of await to.mixer.receive(from.name, effect.body)) next.push([to, answer]);
    }
    waiting = next;
  }
};

const near = (values: Float64Array, ...wanted: number[]): void =>
  assert.ok(
    wanted.every((value, i) => Math.abs(values[i]! - value) < 1e-9),
    `${values}, not ${wanted}`,
  );

const mixer = suite('mesh: mixer');

mixer('what both learned is averaged, whoever begins', async () => {
  const { one, other } = createPair();
  one.learn(2, 0);
  other.learn(0, 4);
  await cycle(one, other);
  near(one.theta, 1, 2);
  near(other.theta, 1, 2);
  other.learn(2, 0);
  await cycle(one, other);
  near(one.theta, 2, 2);
  near(other.theta, 2, 2);
});

mixer('a worker that was replaced is given what the mesh has, and its older state is no learning', async () => {
  const { one, other } = createPair();
  one.learn(2, 2);
  await cycle(one, other);
  near(one.theta, 1, 1);
  one.theta = new Float64Array(2);
  one.share = one.createShare();
  await cycle(other, one);
  near(one.theta, 1, 1);
  near(other.theta, 1, 1);
});

mixer('updates are clipped, noised and counted on disk, until the budget is spent', async () => {
  const directory = await temporaryFolder();
  const codec = createCodec();
  const privacy = { clipNorm: 1, noiseMultiplier: 0.1, epsilonMax: 1e5 };
  const vitals = createVitals(() => {});
  const open = () => openDiscretion({ privacy, codec, directory, vitals });
  const discretion = await open();
  const { one, other } = createPair(discretion);
  one.learn(300, 400);
  await cycle(one, other);
  assert.ok(Math.hypot(...other.theta) < 1.5, `${other.theta}`);
  assert.ok(Math.hypot(...other.theta) > 0, 'something was shared');
  const spent = vitals.counters.meshEpsilon!;
  assert.ok(spent > 0);
  // After a restart the account goes on; a smaller budget is spent already.
  const strict = await openDiscretion({ privacy: { ...privacy, epsilonMax: spent }, codec, directory, vitals });
  const update = new Float64Array([1, 1]);
  await strict!(update);
  assert.equal([...update], [0, 0]);
  assert.match(vitals.health.privacy!, /shares nothing new/);
});

mixer.run();
