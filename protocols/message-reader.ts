import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { type EnvelopeRejection, openEnvelope } from './envelope.ts';
import type { MessageType } from './message.ts';
import { jsonOf, textOf } from './text.ts';

/** `json`: text that begins like JSON and is none. The others are the envelope's. */
export type ReadingRejection = EnvelopeRejection | 'json';

export type Reading<Body> =
  | { readonly ok: true; readonly value: Body }
  /** `seen`: the JSON value whose fields are wrong, so that an answer can name what it can; else null. */
  | { readonly ok: false; readonly reason: ReadingRejection; readonly seen: unknown };

/**
 * Opens what people and PLCs send as well as our own code: an envelope, or, so that `mosquitto_pub` will do, the bare
 * body as a JSON object. The first byte tells: an envelope begins with 0x87 (array of 7), which no JSON does.
 */
export function readMessage<Body>(
  codec: Codec,
  type: MessageType<Body>,
  bytes: Uint8Array,
  bytesMax: number,
): Reading<Body> {
  if (bytes.length > bytesMax) return { ok: false, reason: 'tooLong', seen: null };
  if (looksLikeJson(bytes)) return readJson(type, bytes);
  const limits: CborLimits = { ...MESSAGE_LIMITS, bytesMax };
  const opened = openEnvelope(codec, type, bytes, limits);
  return opened.ok ? { ok: true, value: opened.value.body } : { ok: false, reason: opened.reason, seen: null };
}

/** `{`, or white space before it (RFC 8259 §2). */
function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}

function readJson<Body>(type: MessageType<Body>, bytes: Uint8Array): Reading<Body> {
  const value = jsonOf(textOf(bytes));
  if (value === undefined) return { ok: false, reason: 'json', seen: null };
  return type.check(value) ? { ok: true, value } : { ok: false, reason: 'body', seen: value };
}

/** A short text field of a value that was refused, or an empty text: the sender finds its mistake sooner by it. */
export function textIn(seen: unknown, field: string, charsMax: number): string {
  const text = typeof seen === 'object' && seen !== null ? (seen as Record<string, unknown>)[field] : undefined;
  return typeof text === 'string' && text.length <= charsMax ? text : '';
}
