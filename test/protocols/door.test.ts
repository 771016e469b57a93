import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { Door, type DoorRejection } from '../../protocols/door.ts';
import { sealEnvelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { RefusalCounts } from '../../protocols/refusal-counts.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { senderInTopic } from '../../protocols/topic-sender.ts';
import { fuzzDoor } from '../fuzz/fuzz-door.ts';
import { signerOf } from '../support/signed.ts';

const codec = createCodec();
const [anna, boris] = [signerOf('plant/anna'), signerOf('plant/boris')];
const topicOf = (sender: string): string => `mx/1/${sender}/gossip/carla`;
const body = { window: '1-2', label: 'normal' };

const payloadOf = (sender: string, sequence: number, epoch = 1): Uint8Array =>
  sealEnvelope(codec, LABEL, { sender, epoch, sequence, time: 0 }, body);
const message = (sequence: number, epoch = 1): Uint8Array => anna.seal(payloadOf(anna.sender, sequence, epoch));

const doorOf = (windows = new ReplayWindows(LIMITS.sendersMax), rate = { perSecond: 10, burst: 1_000 }): Door =>
  new Door({
    codec,
    rate,
    windows,
    bytesMax: 1_024,
    keyOf: (sender) => [anna, boris].find((one) => one.sender === sender)?.publicKey ?? null,
  });

const door = suite('the door');

door('lets a signed message in, once', () => {
  const one = doorOf();
  const admitted = one.admit(LABEL, topicOf(anna.sender), message(4), 0);
  const envelope = { kind: 'label', version: 1, sender: anna.sender, epoch: 1, sequence: 4, time: 0, body };
  assert.equal(admitted, { ok: true, value: envelope });
  const again = one.admit(LABEL, topicOf(anna.sender), message(4), 0);
  assert.equal(again, { ok: false, reason: 'replayed', peer: anna.sender, isProven: false });
});

interface Refused {
  readonly reason: DoorRejection;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly topic?: string;
  readonly isProven?: true;
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
const changedAfterSigning = (): Uint8Array => {
  const bytes = message(4);
  return flipped(bytes, bytes.length - 70);
};

const REFUSED: readonly Refused[] = [
  { reason: 'topic', what: 'a topic of somebody else', bytes: message(4), topic: 'zigbee2mqtt/lamp' },
  { reason: 'topic', what: 'a topic without a kind', bytes: message(4), topic: 'mx/1/plant/anna' },
  { reason: 'unknownSender', what: 'nobody we know', bytes: message(4), topic: topicOf('plant/zoe') },
  { reason: 'tooLong', what: 'more bytes than may be', bytes: new Uint8Array(1_025) },
  { reason: 'sign1Untagged', what: 'no signature around it', bytes: message(4).subarray(1) },
  { reason: 'sign1Truncated', what: 'a part of it', bytes: message(4).subarray(0, 90) },
  { reason: 'otherKey', what: "another's message below this name", bytes: boris.seal(payloadOf(boris.sender, 1)) },
  { reason: 'badSignature', what: 'a payload that was changed', bytes: changedAfterSigning() },
  { reason: 'badSignature', what: 'a signature that was changed', bytes: flipped(message(4), message(4).length - 1) },
  { reason: 'truncated', what: 'signed rubbish', bytes: anna.seal(Uint8Array.of(0x87)), isProven: true },
  { reason: 'envelope', what: 'signed CBOR', bytes: anna.seal(codec.encode([])), isProven: true },
  {
    reason: 'version',
    what: 'a newer version',
    bytes: anna.seal(codec.encode(['label', 2, 'plant/anna', 1, 2, 3, body])),
    isProven: true,
  },
  {
    reason: 'body',
    what: 'a body against its schema',
    bytes: anna.seal(codec.encode(['label', 1, 'plant/anna', 1, 2, 3, {}])),
    isProven: true,
  },
  {
    reason: 'sender',
    what: 'an envelope in another name',
    bytes: anna.seal(payloadOf(boris.sender, 1)),
    isProven: true,
  },
];

for (const { reason, what, bytes, topic = topicOf(anna.sender), isProven = false } of REFUSED) {
  door(`${reason}: ${what}`, () => {
    const one = doorOf();
    const isKnown = reason !== 'topic' && reason !== 'unknownSender';
    const answer = one.admit(LABEL, topic, bytes, 0);
    assert.equal(answer, { ok: false, reason, peer: isKnown ? anna.sender : null, isProven });
    assert.equal(one.refusals.byReason(), { [reason]: 1 });
    assert.equal(one.refusals.byPeer(), { [isKnown ? anna.sender : 'others']: { [reason]: 1 } });
    assert.ok(one.admit(LABEL, topicOf(anna.sender), message(4), 0).ok, 'a refused message takes no number');
  });
}

door('kind: another kind than belongs on the topic', () => {
  const answer = doorOf().admit(LABEL_ACK, topicOf(anna.sender), message(4), 0);
  assert.equal(answer, { ok: false, reason: 'kind', peer: anna.sender, isProven: true });
});

door('a sender beyond its rate is refused before anything is read, and harms no other', () => {
  const one = doorOf(new ReplayWindows(8), { perSecond: 1, burst: 2 });
  const flood = Array.from({ length: 50 }, () => one.admit(LABEL, topicOf(anna.sender), Uint8Array.of(0), 0));
  assert.is(flood.filter((answer) => !answer.ok && answer.reason === 'rate').length, 48);
  const other = one.admit(LABEL, topicOf(boris.sender), boris.seal(payloadOf(boris.sender, 1)), 0);
  assert.ok(other.ok);
  assert.ok(one.admit(LABEL, topicOf(anna.sender), message(4), 1_000).ok, 'a second later');
});

door('invented senders take no memory', () => {
  const one = doorOf();
  const bytes = message(4);
  for (let at = 0; at < 10_000; at++) one.admit(LABEL, topicOf(`plant/n${at}`), bytes, 0);
  assert.equal(one.refusals.byPeer(), { others: { unknownSender: 10_000 } });
});

door('more enrolled senders than there is room for are refused, and counted together', () => {
  const one = new Door({
    codec,
    bytesMax: 1_024,
    rate: { perSecond: 1, burst: 1 },
    windows: new ReplayWindows(8),
    keyOf: () => anna.publicKey,
  });
  const reasons = Array.from({ length: LIMITS.sendersMax + 2 }, (_, at) => {
    const answer = one.admit(LABEL, topicOf(`plant/n${at}`), Uint8Array.of(0), 0);
    return answer.ok ? null : answer.reason;
  });
  assert.equal(reasons.slice(-3), ['sign1Structure', 'tooManySenders', 'tooManySenders']);
  assert.equal(one.refusals.byPeer().others, { tooManySenders: 2 });
});

door('refusals by peer are bounded', () => {
  const counts = new RefusalCounts<'rate'>(2);
  for (const peer of ['s/a', 's/b', 's/c', 's/d', 's/a']) counts.count(peer, 'rate');
  assert.equal(counts.byPeer(), { 's/a': { rate: 2 }, 's/b': { rate: 1 }, others: { rate: 2 } });
  assert.equal(counts.byReason(), { rate: 5 });
});

door('after a restart, with the windows stored, nothing comes in twice', () => {
  const windows = new ReplayWindows(8);
  assert.ok(doorOf(windows).admit(LABEL, topicOf(anna.sender), message(4, 2), 0).ok);
  const later = doorOf(windows);
  const answers = [message(4, 2), message(9, 1), message(5, 2)].map((bytes) => {
    const answer = later.admit(LABEL, topicOf(anna.sender), bytes, 0);
    return answer.ok ? null : answer.reason;
  });
  assert.equal(answers, ['replayed', 'oldEpoch', null]);
});

door('a gateway that is forgotten, and enrolled again, begins anew', () => {
  const one = doorOf();
  assert.ok(one.admit(LABEL, topicOf(anna.sender), message(4, 9), 0).ok);
  one.forget(anna.sender, anna.publicKey.kid);
  assert.ok(one.admit(LABEL, topicOf(anna.sender), message(0, 1), 0).ok);
});

door('the sender in a topic', () => {
  const cases = {
    'mx/1/s/n/presence': 's/n',
    'mx/1/s/n/gossip/m': 's/n',
    'mx/1/s/n': null,
    'mx/1/s': null,
    'mx/1//n/x': null,
    'mx/1/s//x': null,
    'mx/1/S/n/x': null,
    'mx/2/s/n/x': null,
    'plant/mx/1/s/n/x': null,
    '': null,
  };
  for (const [topic, sender] of Object.entries(cases)) assert.is(senderInTopic(topic), sender, topic);
});
door.run();

const hostile = suite('the door, hostile messages');

/** `.ci/run` has 100,000 of them; a finding names the seed and the number that play it again. */
const COUNT = Number(process.env.FUZZ_MESSAGES ?? 500);
const [seed, from] = [Number(process.env.FUZZ_SEED ?? 1), Number(process.env.FUZZ_FROM ?? 0)];

hostile(`${COUNT} mutants of every kind: no exception, no forgery, every refusal counted by reason and by peer`, () => {
  const { admitted, refused } = fuzzDoor({ seed, from, count: COUNT, isGullible: false });
  const counts = [...refused].sort(([a], [b]) => a.localeCompare(b)).map(([reason, times]) => `${times} ${reason}`);
  process.stdout.write(`${COUNT} mutants of seed ${seed}: ${admitted} admitted, ${counts.join(', ')}\n`);
  assert.not(refused.has('undecodable'), 'the scanner and cbor-x disagree');
  if (COUNT < 500) return;
  // Mutants that stop at the first check would not reach what they are for.
  assert.ok(admitted > COUNT / 200, `${admitted} admitted`);
  for (const reason of ['badSignature', 'otherKey', 'body', 'envelope', 'truncated', 'sender', 'unknownSender']) {
    assert.ok((refused.get(reason) ?? 0) > COUNT / 500, `${reason}: ${refused.get(reason)}`);
  }
});

hostile('a door that takes any signature is found out', () => {
  assert.throws(() => fuzzDoor({ seed, from: 0, count: 200, isGullible: true }), /it came in[\s\S]*FUZZ_FROM=\d+/);
});
hostile.run();
