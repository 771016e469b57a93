import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isName } from '../../protocols/names.ts';
import { filterCovers } from '../../protocols/topic-filter.ts';
import {
  gossipFilter,
  gossipTopic,
  matchesFilter,
  parseTopic,
  revocationTopic,
  TOPIC_KINDS,
  topicFilter,
  topicName,
} from '../../protocols/topics.ts';
import { formatWindowId, parseWindowId } from '../../protocols/window-id.ts';

/** A topic with all that lie one and two levels below it, of two names each, and one level deeper. */
const deeper = (topic: string): readonly string[] => [
  topic,
  ...['a', 'b', 'c'].flatMap((name) => [`${topic}/${name}`, `${topic}/${name}/a`, `${topic}/${name}/b`]),
];

const names = suite('names and topics');

names('a name is a safe topic level and a safe directory', () => {
  for (const good of ['a', '7', 'press-3', 'hall.2_east', 'x'.repeat(64)]) assert.ok(isName(good), good);
  const bad = ['', '.', '..', '-a', '_a', 'A', 'ä', 'a b', 'a/b', 'a+', '#', '$SYS', 'a\n', 'a\0', 'x'.repeat(65)];
  for (const name of bad) assert.not.ok(isName(name), JSON.stringify(name));
});

names('topics are built and parsed back, every kind', () => {
  for (const kind of TOPIC_KINDS) {
    assert.equal(parseTopic(topicName('plant', 'press-3', kind)), { site: 'plant', node: 'press-3', kind });
  }
  assert.is(topicName('plant', 'press-3', 'label/ack'), 'mx/1/plant/press-3/label/ack');
});

names('gossip has a peer, and the operator a topic that no node can have', () => {
  const topic = gossipTopic('plant', 'press-3', 'fan');
  assert.is(topic, 'mx/1/plant/press-3/gossip/fan');
  assert.equal(parseTopic(topic), { site: 'plant', node: 'press-3', kind: 'gossip', peer: 'fan' });
  assert.ok(matchesFilter(gossipFilter('plant', { peer: 'fan' }), topic));
  assert.not.ok(matchesFilter(gossipFilter('plant', { peer: 'press-3' }), topic));
  assert.equal(parseTopic(revocationTopic('plant')), { site: 'plant', node: 'fleet', kind: 'revocation' });
});

names('a topic that is not ours is null', () => {
  const strangers = [
    '',
    'mx',
    'mx/1/plant/press-3',
    'mx/1/plant/press-3/',
    'mx/2/plant/press-3/decision',
    'mx/1/plant/press-3/decision/',
    'mx/1/plant/press-3/label/ack/more',
    'mx/1/plant/press-3/decisions',
    'mx/1//press-3/decision',
    'mx/1/plant/Press/decision',
    '/mx/1/plant/press-3/decision',
    'mx/1/plant/press-3/gossip',
    'mx/1/plant/press-3/gossip/Fan',
    'mx/1/plant/press-3/gossip/fan/more',
    'mx/1/plant/press-3/revocation',
    'mx/1/plant/fleet/decision',
    `mx/1/plant/press-3/${'/'.repeat(60_000)}`,
  ];
  for (const topic of strangers) assert.is(parseTopic(topic), null, topic.slice(0, 60));
});

names('no topic or filter is built from a name that could widen it', () => {
  for (const name of ['+', '#', 'a/b', '']) {
    assert.throws(() => topicName(name, 'n', 'decision'), RangeError);
    assert.throws(() => topicName('s', name, 'decision'), RangeError);
    assert.throws(() => topicFilter('decision', { node: name }), RangeError);
    assert.throws(() => gossipTopic('s', 'n', name), RangeError);
    assert.throws(() => gossipFilter('s', { peer: name }), RangeError);
    assert.throws(() => revocationTopic(name), RangeError);
  }
});

names('filters match what MQTT says they match', () => {
  const decision = topicName('plant', 'press-3', 'decision');
  assert.ok(matchesFilter(topicFilter('decision'), decision));
  assert.ok(matchesFilter(topicFilter('decision', { site: 'plant' }), decision));
  assert.not.ok(matchesFilter(topicFilter('decision', { node: 'press-4' }), decision));
  assert.not.ok(matchesFilter(topicFilter('label'), topicName('plant', 'press-3', 'label/ack')));
  // [MQTT-4.7.1-2]: # matches the parent level as well.
  assert.ok(matchesFilter('mx/1/#', 'mx/1'));
  assert.ok(matchesFilter('#', decision));
  assert.not.ok(matchesFilter('mx/+', 'mx'));
});

names('a filter covers another exactly when no topic of the other escapes it', () => {
  const level = fc.constantFrom('a', 'b', '+');
  const topics = ['a', 'b'].flatMap((first) => [
    first,
    ...['a', 'b'].flatMap((second) => deeper(`${first}/${second}`)),
  ]);
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(filter, filter, (wide, narrow) => {
      const escapes = topics.some((topic) => matchesFilter(narrow, topic) && !matchesFilter(wide, topic));
      assert.is(filterCovers(wide, narrow), !escapes, `${wide} ${narrow}`);
    }),
  );
  assert.ok(filterCovers('#', 'a/#') && filterCovers('a/#', 'a') && !filterCovers('+', '#'));
  // [MQTT-4.7.2-1]
  assert.not.ok(filterCovers('#', '$SYS/#') || filterCovers('+/b', '$SYS/b'));
});

names('window ids: every epoch and index comes back; other spellings are refused', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 999_999_999 }),
      fc.maxSafeNat().map((n) => n % 1e15),
      (epoch, index) => {
        assert.equal(parseWindowId(formatWindowId(epoch, index)), { epoch, index });
      },
    ),
    { seed: 5 },
  );
  for (const text of [
    '',
    '1',
    '1-',
    '-1',
    '01-2',
    '1-02',
    '1-2-3',
    '1--2',
    '1-2 ',
    '1e3-2',
    '1-9999999999999999',
    '１-2',
  ]) {
    assert.is(parseWindowId(text), null, text);
  }
});
names.run();
