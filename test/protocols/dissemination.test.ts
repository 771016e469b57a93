import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dissemination } from '../../protocols/dissemination/dissemination.ts';
import type { DisseminationEffect, GiveMessage } from '../../protocols/dissemination/messages.ts';
import { Newest } from '../../protocols/dissemination/newest.ts';
import { DisseminationOrigin } from '../../protocols/dissemination/origin.ts';
import { PLACES, placeOf, splitRange } from '../../protocols/dissemination/place.ts';
import { RelayChoice } from '../../protocols/dissemination/relay-choice.ts';
import { DISSEMINATION } from '../../protocols/dissemination/settings.ts';
import { runTreeWorld } from '../../tools/mesh/tree-world.ts';

const ALL = { from: 0, to: PLACES };
const QUIET = { members: 64, publications: 4, loss: 0, dead: 0, slow: 0, seed: 3 };
const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { maxLength: 60 });

const trees = suite('dissemination');

trees('ranges: every member in exactly one, none empty, no gap and no overlap, at most arity of them', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 2, max: 5 }), (members, arity) => {
      const groups = splitRange('t', members, ALL, arity);
      assert.ok(groups.length <= arity);
      assert.equal(groups.flatMap((group) => group.members).sort(), [...members].sort());
      let from = 0;
      for (const { range, members: inside } of groups) {
        assert.is(range.from, from);
        from = range.to;
        for (const name of inside) assert.ok(placeOf('t', name) >= range.from && placeOf('t', name) < range.to);
        assert.ok(inside.length > 0 && inside.length <= Math.ceil(members.length / arity));
      }
      if (groups.length > 0) assert.is(from, PLACES);
    }),
    { numRuns: 200, seed: 1 },
  );
});

trees('members relay for one topic and not for another', () => {
  const members = Array.from({ length: 200 }, (_, i) => `node-${i}`);
  const first = (topic: string): string => members.toSorted((a, b) => placeOf(topic, a) - placeOf(topic, b))[0]!;
  assert.ok(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(first)).size >= 7);
});

trees('on a sound network everybody has it once, by one message each, within ⌈log4 N⌉ + 1 relays', () => {
  for (const [members, depth] of [
    [2, 1],
    [5, 2],
    [64, 4],
    [100, 5],
  ] as const) {
    const outcome = runTreeWorld({ ...QUIET, members });
    assert.is(outcome.delivered, 1);
    assert.is(outcome.twice, 0);
    assert.is(outcome.gives, 1, 'messages a member');
    assert.ok(outcome.depth <= depth, `${members}: ${outcome.depth}`);
    assert.is(outcome.completed, QUIET.publications);
    assert.is(outcome.counted, 1, 'the origin was told how many');
  }
});

trees(
  'dead relays are replaced and lost messages made good: all the living have it, once, and the origin knows',
  () => {
    for (const world of [{ dead: 0.2 }, { loss: 0.2 }, { dead: 0.1, loss: 0.1 }]) {
      const outcome = runTreeWorld({ ...QUIET, ...world });
      // Where words are lost a relay may count one that another counts as well, or neither.
      assert.ok(Math.abs(outcome.counted - 1) <= ('loss' in world ? 0.05 : 0), `${outcome.counted}`);
      assert.is(outcome.delivered, 1, JSON.stringify(world));
      assert.is(outcome.twice, 0);
      assert.is(outcome.completed, QUIET.publications);
      assert.ok(outcome.gives < 4, `${outcome.gives} messages a member`);
    }
  },
);

trees('the origin learns which relays are slow', () => {
  const { meanMs } = runTreeWorld({ ...QUIET, publications: 30, slow: 0.3 });
  assert.ok(meanMs[1] < 0.9 * meanMs[0], `${meanMs}`);
});

trees('nobody delivers twice, whoever hands it over and however often', () => {
  const node = new Dissemination({ self: 'a', members: () => ['a'], suspected: () => false });
  const publication = { topic: 't', origin: 'o', sequence: 7 };
  const give = (path: readonly string[], to: number): GiveMessage => {
    return { kind: 'give', ...publication, range: { from: 0, to }, path, payload: new Uint8Array(1) };
  };
  const delivered = (effects: readonly DisseminationEffect[]): number =>
    effects.filter(({ kind }) => kind === 'deliver').length;
  assert.is(delivered(node.receive('o', give(['o'], PLACES), 0)), 1);
  assert.is(delivered(node.receive('o', give(['o'], PLACES), 1)), 0);
  assert.is(delivered(node.receive('b', give(['o', 'b'], PLACES), 2)), 0);
  assert.is(delivered(node.receive('b', give(['o', 'b'], PLACES - 1), 2)), 0, 'in another range');
});

trees('a path that loops or is too long, and a range that is not its own, are refused by name', () => {
  const node = new Dissemination({ self: 'a', members: () => ['a'], suspected: () => false });
  const give = (change: Partial<GiveMessage>): readonly DisseminationEffect[] =>
    node.receive(
      'o',
      {
        ...{ kind: 'give', topic: 't', origin: 'o', sequence: 1, range: ALL, path: ['o'], payload: new Uint8Array(0) },
        ...change,
      },
      0,
    );
  const refused = (reason: string) => [{ kind: 'refused', peer: 'o', reason }];
  const place = placeOf('t', 'a');
  assert.equal(give({ path: ['o', 'a'] }), refused('path'));
  assert.equal(give({ path: Array.from({ length: DISSEMINATION.depthMax + 1 }, (_, i) => `n${i}`) }), refused('path'));
  assert.equal(give({ range: { from: place + 1, to: PLACES } }), refused('range'));
});

trees('work is bounded: with all tasks under way another is refused, and taken once one is done', () => {
  const members = Array.from({ length: 8 }, (_, i) => `n${i}`);
  const node = new DisseminationOrigin({ self: 'n0', members: () => members, suspected: () => false });
  for (let i = 0; i < DISSEMINATION.tasksMax; i++) node.publish('t', i, new Uint8Array(0), 0);
  assert.equal(node.publish('t', 99, new Uint8Array(0), 0), [{ kind: 'refused', peer: 'n0', reason: 'full' }]);
  // Nobody answers: in the end all members are missed and the tasks are over.
  for (let i = 0; i < 100 && node.wakeAt < Number.POSITIVE_INFINITY; i++) node.tick(node.wakeAt);
  assert.is(node.wakeAt, Number.POSITIVE_INFINITY);
  assert.ok(node.publish('t', 100, new Uint8Array(0), 1e6).some(({ kind }) => kind === 'send'));
});

trees('a bandit finds the quick relay, notices when it turns slow, and spreads what is under way', () => {
  const choice = new RelayChoice(DISSEMINATION.choice);
  const candidates = ['a', 'b', 'c'];
  const play = (latency: (relay: string) => number, rounds: number): number => {
    let best = 0;
    for (let i = 0; i < rounds; i++) {
      const relay = choice.choose(candidates);
      choice.sent(relay);
      choice.ended(relay, latency(relay));
      if (latency(relay) < 100) best += 1;
    }
    return best / rounds;
  };
  assert.ok(play((relay) => (relay === 'b' ? 50 : Number.POSITIVE_INFINITY), 100) > 0.8);
  play((relay) => (relay === 'c' ? 50 : 5000), 100);
  assert.ok(play((relay) => (relay === 'c' ? 50 : 5000), 100) > 0.8, 'after the change');
  const chosen = Array.from({ length: 30 }, () => {
    const relay = choice.choose(candidates);
    choice.sent(relay);
    return relay;
  });
  assert.ok(new Set(chosen).size > 1, 'all thirty at once to one');
});

trees('who is missed below a relay the origin hears by name, and no name more than a word can hold', () => {
  const members = ['o', ...Array.from({ length: 600 }, (_, i) => `n${i}`)];
  const origin = new DisseminationOrigin({ self: 'o', members: () => members, suspected: () => false });
  const sent = origin.publish('t', 1, new Uint8Array(0), 0);
  const gives = sent.flatMap((effect) => (effect.kind === 'send' && effect.message.kind === 'give' ? [effect] : []));
  assert.is(gives.length, 4);
  const publication = { topic: 't', origin: 'o', sequence: 1 };
  assert.is(origin.standing(publication)?.waiting.length, 600);
  const complete = gives.flatMap(({ to, message: { range } }, i) => {
    const word = { kind: 'word', ...publication, range } as const;
    assert.equal(origin.receive(to, { ...word, state: 'busy', has: 2, missed: ['not-yet'] }, 1), []);
    assert.is(origin.standing(publication)?.has, 140 * i + 2, 'busy words tell how far it is');
    return origin.receive(to, { ...word, state: 'done', has: 140, missed: [`gone-${i}`] }, 2);
  });
  const missed = ['gone-0', 'gone-1', 'gone-2', 'gone-3'];
  assert.equal(complete, [{ kind: 'complete', publication, has: 560, missed }]);
  assert.equal(origin.standing(publication), { waiting: [], has: 560, missed });
  assert.is(origin.standing({ ...publication, sequence: 2 }), null);

  const relay = new Dissemination({ self: 'n0', members: () => members, suspected: () => false });
  const give = { kind: 'give', ...publication, range: ALL, path: ['o'], payload: new Uint8Array(1) } as const;
  relay.receive('o', give, 0);
  let last: DisseminationEffect | undefined;
  while (relay.wakeAt < Number.POSITIVE_INFINITY) last = relay.tick(relay.wakeAt).at(-1);
  assert.ok(last?.kind === 'send' && last.message.kind === 'word' && last.message.state === 'done');
  assert.is(last.message.missed.length, DISSEMINATION.missedMax);
  assert.is(last.message.has, 1, 'the relay itself');
});

trees('of two members nobody answers for, the first is asked twice, and the last as often as a single one', () => {
  const members = Array.from({ length: 8 }, (_, i) => `n${i}`);
  const origin = new DisseminationOrigin({ self: 'o', members: () => members, suspected: () => false });
  const asked = new Map<string, number>();
  const note = (effects: readonly DisseminationEffect[]): void => {
    for (const effect of effects) if (effect.kind === 'send') asked.set(effect.to, (asked.get(effect.to) ?? 0) + 1);
  };
  note(origin.publish('t', 1, new Uint8Array(0), 0));
  while (origin.wakeAt < Number.POSITIVE_INFINITY) note(origin.tick(origin.wakeAt));
  const { triesOfRelay, triesOfLast } = DISSEMINATION;
  const times = [...asked.values()].sort((a, b) => a - b);
  assert.equal(
    times,
    [triesOfRelay, triesOfLast].flatMap((tries) => [tries, tries, tries, tries]),
  );
});

trees(
  'of a topic and origin the newest counts: an older one is refused, the same one handed on and not delivered',
  () => {
    const newest = new Newest(4);
    const node = new Dissemination({ self: 'a', members: () => ['a'], suspected: () => false, newest });
    const give = (sequence: number, path = ['o']): GiveMessage => {
      return { kind: 'give', topic: 't', origin: 'o', sequence, range: ALL, path, payload: new Uint8Array(1) };
    };
    assert.ok(node.isWanted(give(7)) && !node.isWanted(give(7, ['o', 'a'])));
    assert.is(node.receive('o', give(7), 0)[0]!.kind, 'deliver');
    const stored = newest.state;
    const next = new Dissemination({
      ...{ self: 'a', members: () => ['a'], suspected: () => false },
      newest: new Newest(4, stored),
    });
    for (const life of [node, next]) {
      assert.ok(!life.isWanted(give(7)) && !life.isWanted(give(6)) && life.isWanted(give(8)));
      assert.equal(life.receive('o', give(6), 1), [{ kind: 'refused', peer: 'o', reason: 'old' }]);
      const again = life.receive('o', give(7), 1);
      assert.ok(again.length === 1 && again[0]!.kind === 'send', 'done, and nothing delivered');
    }
  },
);

trees('of too many streams that of the lowest number is forgotten, and what it held stays old', () => {
  const newest = new Newest(3);
  const at = (topic: string, sequence: number) => ({ topic, origin: 'o', sequence });
  for (const [topic, sequence] of [
    ['a', 10],
    ['b', 30],
    ['c', 20],
  ] as const)
    newest.note(at(topic, sequence));
  assert.is(newest.standing(at('new', 5)), 'new');
  newest.note(at('d', 5));
  assert.equal(
    newest.state.newest.map(({ topic }) => topic),
    ['b', 'c', 'd'],
    'not the one that has come',
  );
  assert.is(newest.standing(at('a', 10)), 'old');
  assert.is(newest.standing(at('e', 10)), 'old');
  assert.is(newest.standing(at('a', 11)), 'new');
  assert.is(newest.standing(at('d', 5)), 'known');
  assert.is(newest.standing(at('d', 6)), 'new', 'it is above its own');
  assert.is(new Newest(3, newest.state).standing(at('e', 10)), 'old');
});

trees.run();
