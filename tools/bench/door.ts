// What a signed message costs at the door (protocols/door.ts): `npm run bench:door [-- --json]`. One that is let in,
// step by step; one that is refused, by reason; 5,000 hostile ones a second; and what is stored. In µs of CPU time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity, type Identity } from '../../firmware/io/keys.ts';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1, readSign1 } from '../../protocols/cose/sign1.ts';
import { Door } from '../../protocols/door.ts';
import { openEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { encodeReplayWindows, restoreReplayWindows } from '../../protocols/replay-state.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';

const MESSAGES = 400;
const BATCHES = 7;
const HOSTILE_PER_SECOND = 5_000;
const HOSTILE_SECONDS = 4;
const SENDERS = 24;
const SITE = 1_024;
/** What a gateway would allow: gossip needs a message a second and peer at most. */
const RATE = { perSecond: 20, burst: 40 };
const NO_LIMIT = { perSecond: 1e9, burst: 1e9 };

const codec = createCodec();
/** A decision of twelve classes: as many bytes as a gossip message of the har model. */
const body: DecisionBody = {
  window: '3-17',
  endMs: 340_000,
  label: 'class 1',
  confidence: 0.75,
  probabilities: Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`class ${at}`, 1 / 12])),
  drift: 2.5,
  latencyUs: 85,
  experts: Object.fromEntries(
    ['frozen', 'renormalised', 'local', 'shared'].map((name) => [
      name,
      { label: 'class 1', confidence: 0.5, weight: 0.25 },
    ]),
  ),
};

const seal = (identity: Identity, sender: string, sequence: number): Uint8Array => {
  const payload = sealEnvelope(codec, DECISION, { sender, epoch: 1, sequence, time: 1.8e12 }, body);
  return encodeSign1(payload, identity.publicKey.kid, identity.sign);
};

/** µs of CPU time of each of `MESSAGES` calls, the median of some rounds. */
const costUs = (call: (at: number) => unknown): number => {
  const rounds = Array.from({ length: BATCHES }, () => {
    const before = process.cpuUsage();
    for (let at = 0; at < MESSAGES; at++) call(at);
    return process.cpuUsage(before).user / MESSAGES;
  });
  return rounds.sort((a, b) => a - b)[BATCHES >> 1]!;
};

const doorOf = (identity: Identity, rate = NO_LIMIT): Door =>
  new Door({
    codec,
    rate,
    bytesMax: 1_024,
    windows: new ReplayWindows(SENDERS),
    keyOf: (sender) => (sender.startsWith('site/node-') ? identity.publicKey : null),
  });

const topicOf = (sender: string): string => `mx/1/${sender}/gossip/node-0`;
const SENDER = 'site/node-1';
const TOPIC = topicOf(SENDER);

const admitted = (identity: Identity) => {
  const messages = Array.from({ length: MESSAGES }, (_, at) => seal(identity, SENDER, at));
  const signed = messages.map((bytes) => readSign1(bytes)).flatMap((read) => (read.ok ? [read.value] : []));
  return {
    bytes: messages.at(-1)!.length,
    sign: costUs((at) => seal(identity, SENDER, at)),
    readSign1: costUs((at) => readSign1(messages[at]!)),
    verify: costUs((at) => identity.publicKey.verify(signed[at]!.toBeSigned, signed[at]!.signature)),
    openEnvelope: costUs((at) => openEnvelope(codec, DECISION, signed[at]!.payload)),
    // A fresh door a round: every message is new to it.
    whole: (() => {
      let door = doorOf(identity);
      return costUs((at) => {
        if (at === 0) door = doorOf(identity);
        if (!door.admit(DECISION, TOPIC, messages[at]!, at).ok) throw new Error('a sound message was refused');
      });
    })(),
  };
};

/** Cost of a refusal by its reason, dearest last. */
const refused = (identity: Identity, stranger: Identity): Readonly<Record<string, number>> => {
  const message = seal(identity, SENDER, 1);
  const forged = Uint8Array.from(message).fill(0, message.length - 8);
  const cost = (topic: string, bytes: Uint8Array, rate = NO_LIMIT): number => {
    const door = doorOf(identity, rate);
    door.admit(DECISION, topic, bytes, 0);
    return costUs(() => door.admit(DECISION, topic, bytes, 0));
  };
  return {
    topic: cost('zigbee2mqtt/lamp', message),
    unknownSender: cost(topicOf('site/zoe'), message),
    rate: cost(TOPIC, forged, { perSecond: 0, burst: 1 }),
    tooLong: cost(TOPIC, new Uint8Array(4_096)),
    sign1Truncated: cost(TOPIC, message.subarray(0, 300)),
    otherKey: cost(TOPIC, seal(stranger, SENDER, 1)),
    badSignature: cost(TOPIC, forged),
    replayed: cost(TOPIC, message),
  };
};

/** Enrolled liars who send forged messages as fast as they can; virtual time, real work. */
const hostileSecond = (identity: Identity, liars: number) => {
  const door = doorOf(identity, RATE);
  const message = seal(identity, SENDER, 1);
  const forged = Uint8Array.from(message).fill(0, message.length - 8);
  const topics = Array.from({ length: liars }, (_, at) => topicOf(`site/node-${at}`));
  const count = HOSTILE_PER_SECOND * HOSTILE_SECONDS;
  const before = process.cpuUsage();
  for (let at = 0; at < count; at++) {
    door.admit(DECISION, topics[at % liars]!, forged, (at * 1_000) / HOSTILE_PER_SECOND);
  }
  const us = process.cpuUsage(before).user;
  const { badSignature = 0 } = door.refusals.byReason();
  return { liars, usPerMessage: us / count, shareOfCore: us / (HOSTILE_SECONDS * 1e6), verified: badSignature / count };
};

/** The replay windows of a large site, as they are stored. */
const storedWindows = () => {
  const windows = new ReplayWindows(SITE);
  for (let at = 0; at < SITE; at++) windows.take(at.toString(16).padStart(16, '0'), 7, 1_000 * at);
  const bytes = encodeReplayWindows(codec, windows);
  const began = process.cpuUsage();
  restoreReplayWindows(codec, new ReplayWindows(SITE), bytes);
  const restoreUs = process.cpuUsage(began).user;
  const before = process.cpuUsage();
  encodeReplayWindows(codec, windows);
  return { senders: SITE, bytes: bytes.length, encodeUs: process.cpuUsage(before).user, restoreUs };
};

const folder = mkdtempSync(join(tmpdir(), 'myrmex-bench-door-'));
try {
  const identity = await createIdentity(join(folder, 'one.key'));
  const stranger = await createIdentity(join(folder, 'other.key'));
  const figures = {
    admittedUs: admitted(identity),
    refusedUs: refused(identity, stranger),
    hostile: [1, SENDERS].map((liars) => hostileSecond(identity, liars)),
    stored: storedWindows(),
  };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else {
    const line = (name: string, us: number): void => console.log(`${name.padEnd(16)} ${us.toFixed(1)} µs`);
    console.log(`a message of ${figures.admittedUs.bytes} bytes that is let in`);
    for (const step of ['sign', 'readSign1', 'verify', 'openEnvelope', 'whole'] as const) {
      line(step, figures.admittedUs[step]);
    }
    console.log('one that is refused');
    for (const [reason, us] of Object.entries(figures.refusedUs)) line(reason, us);
    console.log(`${HOSTILE_PER_SECOND} forged messages a second, ${RATE.perSecond} a second and sender let through`);
    for (const { liars, usPerMessage, shareOfCore, verified } of figures.hostile) {
      const shares = `${(100 * shareOfCore).toFixed(1)} % of a core, ${(100 * verified).toFixed(1)} % verified`;
      console.log(`${`${liars} liars`.padEnd(16)} ${usPerMessage.toFixed(1)} µs a message, ${shares}`);
    }
    const { senders, bytes, encodeUs, restoreUs } = figures.stored;
    const times = `encoded in ${encodeUs} µs, restored in ${restoreUs} µs`;
    console.log(`replay windows of ${senders} senders: ${bytes} bytes, ${times}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
