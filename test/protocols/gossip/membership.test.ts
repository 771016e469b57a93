import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Member, Membership, placeOf } from '../../../protocols/gossip/membership.ts';

const members: readonly Member[] = ['a', 'b', 'c', 'd'].map((name) => ({ name, generation: 1, present: true }));
const create = (self = 'a'): Membership => {
  const membership = new Membership(self, 1, { missedMax: 2, suspectMs: 100 });
  membership.update(members, 0);
  return membership;
};
const names = (membership: Membership): string =>
  membership
    .schedule()
    .map(({ name }) => name)
    .join('');

const membership = suite('gossip: membership');

membership('missed rounds make a suspect, which keeps its place until its time is up', () => {
  const group = create();
  group.missed('c', 10);
  assert.is(group.stateOf('c'), 'alive');
  group.missed('c', 20);
  assert.equal([group.stateOf('c'), names(group), group.wakeAt], ['suspect', 'abcd', 120]);
  assert.equal(group.tick(119), []);
  assert.equal(group.tick(120), ['c']);
  assert.equal([group.stateOf('c'), names(group)], ['evicted', 'abd']);
});

membership('a word from the suspect, or from the evicted, is enough', () => {
  const group = create();
  for (const now of [1, 2]) group.missed('c', now);
  group.heard('c', 1, 0, 3);
  assert.is(group.stateOf('c'), 'alive');
  for (const now of [4, 5]) group.missed('c', now);
  group.tick(1_000);
  group.heard('c', 1, 0, 1_001);
  assert.is(names(group), 'abcd');
});

membership('hearsay counts unless the member was heard of late, and it refutes with a higher incarnation', () => {
  const group = create();
  group.rumoured(['c', 1, 0, 1], 5);
  assert.is(group.stateOf('c'), 'suspect');
  const accused = create('c');
  accused.rumoured(['c', 1, 0, 1], 6);
  assert.is(accused.incarnation, 1);
  const [refutation] = accused.nextRumours();
  assert.equal(refutation, ['c', 1, 1, 0]);
  group.rumoured(refutation!, 7);
  assert.is(group.stateOf('c'), 'alive');
  group.rumoured(['c', 1, 0, 1], 8);
  assert.is(group.stateOf('c'), 'alive', 'an older incarnation says nothing');
  group.heard('c', 1, 1, 9);
  group.rumoured(['c', 1, 1, 1], 10);
  assert.is(group.stateOf('c'), 'alive', 'heard a moment ago');
});

membership('an eviction that is told is believed of suspects only', () => {
  const group = create();
  assert.not(group.rumoured(['c', 1, 0, 2], 1));
  assert.is(group.stateOf('c'), 'suspect');
  assert.ok(group.rumoured(['c', 1, 0, 2], 2));
  assert.is(names(group), 'abd');
});

membership('each rumour is passed on a bounded number of times, two in a message', () => {
  const group = create();
  for (const name of ['b', 'c', 'd']) for (const now of [1, 2]) group.missed(name, now);
  assert.is(group.nextRumours().length, 2);
  let told = 2;
  for (let more = group.nextRumours(); more.length > 0; more = group.nextRumours()) told += more.length;
  assert.is(told, 3 * 9);
});

membership('presence: the will makes a suspect at once, a new life clears it', () => {
  const group = create();
  group.update(members.with(1, { name: 'b', generation: 1, present: false }), 5);
  assert.is(group.stateOf('b'), 'suspect');
  group.update(members.with(1, { name: 'b', generation: 2, present: true }), 6);
  assert.equal([group.stateOf('b'), group.generationOf('b')], ['alive', 2]);
  group.update(members.slice(0, 2), 7);
  assert.equal([group.isListed('c'), names(group)], [false, 'ab']);
});

membership('places are found in a sorted list', () => {
  assert.equal(
    ['a', 'd', 'aa', 'e'].map((name) => placeOf(members, name)),
    [0, 3, null, null],
  );
});
membership.run();
