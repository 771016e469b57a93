import type { CborLimits, CborRejection } from './cbor-scan.ts';
import { type Codec, type Decoded, MESSAGE_LIMITS } from './codec.ts';
import type { MessageType } from './message.ts';
import { isName } from './names.ts';

/** The content of every message (DESIGN §5): `[kind, version, sender, epoch, sequence, time, body]`. */
export interface Envelope<Body> {
  readonly kind: string;
  readonly version: number;
  /** `<site>/<name>` */
  readonly sender: string;
  /** The sender's boot counter: sequence numbers start at 0 in each epoch. */
  readonly epoch: number;
  /** Counts the sender's messages of all kinds: (sender, epoch, sequence) names a message. */
  readonly sequence: number;
  /** Unix time in ms as the sender believes it. Advisory: a gateway without a clock chip may be years off. */
  readonly time: number;
  readonly body: Body;
}

export type EnvelopeRejection = CborRejection | 'envelope' | 'kind' | 'version' | 'body';

/**
 * Encodes a message. These exact bytes are the content: once messages are signed (COSE_Sign1, RFC 9052 §4.4) the
 * signature is over them, and a reader verifies the bytes it received before it opens them. Nothing re-encodes.
 *
 * @throws TypeError when the body breaks the schema of its own kind: our fault, never the peer's
 */
export function sealEnvelope<Body>(
  codec: Codec,
  type: MessageType<Body>,
  from: { sender: string; epoch: number; sequence: number; time: number },
  body: Body,
): Uint8Array {
  if (!type.check(body)) throw new TypeError(`the body of a ${type.kind} message breaks its schema`);
  // As a bigint the time is a CBOR integer; cbor-x writes plain numbers above 2^32 as floats.
  const time = BigInt(Math.max(0, Math.trunc(from.time)));
  return codec.encode([type.kind, type.version, from.sender, from.epoch, from.sequence, time, body]);
}

/** Opens bytes of any kind: limits, then structure; the body is not looked at yet. Never throws. */
export function readEnvelope(
  codec: Codec,
  bytes: Uint8Array,
  limits: CborLimits = MESSAGE_LIMITS,
): Decoded<Envelope<unknown>, EnvelopeRejection> {
  const decoded = codec.decode(bytes, limits);
  if (!decoded.ok) return decoded;
  const content = decoded.value;
  if (!Array.isArray(content) || content.length !== 7) return { ok: false, reason: 'envelope' };
  const [kind, version, sender, epoch, sequence, time, body] = content as unknown[];
  const sound =
    typeof kind === 'string' &&
    isCount(version) &&
    isSender(sender) &&
    isCount(epoch) &&
    isCount(sequence) &&
    isCount(time);
  if (!sound) return { ok: false, reason: 'envelope' };
  return { ok: true, value: { kind, version, sender, epoch, sequence, time, body } };
}

/**
 * Opens bytes that must be of one kind, body checked. A body of an earlier version is brought up to the current one,
 * and `version` then names the current one too: who reads on meets one form. Never throws.
 */
export function openEnvelope<Body>(
  codec: Codec,
  type: MessageType<Body>,
  bytes: Uint8Array,
  limits: CborLimits = MESSAGE_LIMITS,
): Decoded<Envelope<Body>, EnvelopeRejection> {
  const read = readEnvelope(codec, bytes, limits);
  if (!read.ok) return read;
  if (read.value.kind !== type.kind) return { ok: false, reason: 'kind' };
  const body = type.read(read.value.version, read.value.body);
  if (!body.ok) return body;
  return { ok: true, value: { ...read.value, version: type.version, body: body.value } };
}

/** Numbers the messages of one sender in one epoch. */
export interface EnvelopeWriter {
  readonly sender: string;
  readonly epoch: number;
  /** @param time Unix ms */
  write<Body>(type: MessageType<Body>, body: Body, time: number): Uint8Array;
}

export function createEnvelopeWriter(codec: Codec, sender: string, epoch: number): EnvelopeWriter {
  let sequence = 0;
  return {
    sender,
    epoch,
    write: (type, body, time) => sealEnvelope(codec, type, { sender, epoch, sequence: sequence++, time }, body),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSender(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const [site, name, more] = value.split('/', 3);
  return more === undefined && isName(site ?? '') && isName(name ?? '');
}
