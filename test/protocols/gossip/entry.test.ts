import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Gossip } from '../../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../../protocols/gossip/options.ts';
import type { GossipBody } from '../../../protocols/messages/gossip.ts';

const ANSWER_MS = 1_000;
/** Waits of 1, 2 … 8 answers between the questions. */
const FOUND_MS = 36 * ANSWER_MS;

interface Letter {
  readonly from: string;
  readonly to: string;
  readonly body: GossipBody;
}

const nameOf = (at: number): string => `node-${String(at).padStart(2, '0')}`;

/** Newcomers that hear each other at once. @returns how many of them have a say at `endMs` */
const foundersAmong = (count: number, endMs: number): number => {
  const names = Array.from({ length: count }, (_, at) => nameOf(at));
  const values = new Float64Array(1);
  const parts = [{ offset: 0, length: 1 }];
  const about = { generation: 1, lineage: '0123456789abcdef', parts, values, entry: 'newcomer' as const };
  const fleet = new Map(names.map((self) => [self, new Gossip({ ...about, self, roundTimeoutMs: ANSWER_MS })]));
  const letters: Letter[] = [];
  const post = (from: string, effects: readonly GossipEffect[]): void => {
    for (const effect of effects) if (effect.kind === 'send') letters.push({ from, to: effect.to, body: effect.body });
  };
  const members = names.map((name) => ({ name, generation: 1, present: true }));
  for (const [name, gossip] of fleet) post(name, gossip.members(members, 0));
  for (let now = 0; now <= endMs; now += ANSWER_MS) {
    for (const [name, gossip] of fleet) post(name, gossip.tick(now));
    for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
      post(letter.to, fleet.get(letter.to)!.receive(letter.from, letter.body, now));
    }
  }
  return [...fleet.values()].filter(({ holdings }) => holdings.unseasoned().length === 0).length;
};

const entry = suite('gossip: newcomers among themselves');

entry('find that nobody has anything, however many they are, and none before it has asked in vain', () => {
  for (let count = 2; count <= 18; count++) {
    assert.is(foundersAmong(count, FOUND_MS - ANSWER_MS), 0, `${count} nodes`);
    assert.is(foundersAmong(count, FOUND_MS + ANSWER_MS), count, `${count} nodes`);
  }
});

entry('who gave everybody up calls them, one after the other, when the broker is back', () => {
  const about = { generation: 1, lineage: '0123456789abcdef', parts: [{ offset: 0, length: 1 }] };
  const values = new Float64Array(1);
  const gossip = new Gossip({ ...about, self: 'a', values, entry: 'founder', missedMax: 1, suspectMs: 10 * ANSWER_MS });
  gossip.members(
    ['a', 'b', 'c'].map((name) => ({ name, generation: 1, present: true })),
    0,
  );
  let now = 0;
  const turn = (): readonly GossipEffect[] => {
    now += 5 * ANSWER_MS;
    gossip.tick(now);
    return gossip.begin(now);
  };
  for (let cycles = 0; gossip.membership.schedule().length > 1; cycles++) {
    turn();
    assert.ok(cycles < 20, 'silence is never found out');
  }
  const called = [turn(), turn()].flat().flatMap((effect) => (effect.kind === 'send' ? [effect.to] : []));
  assert.equal(called.sort(), ['b', 'c']);
});

entry.run();
