import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { type EnvelopeRejection, openEnvelope } from './envelope.ts';
import { LIMITS } from './limits.ts';
import { LABEL, type LabelBody } from './messages/label.ts';

/** `json`: text that begins like JSON and is none. The others are the envelope's. */
export type LabelRejection = EnvelopeRejection | 'json';

export type LabelReading =
  | { readonly ok: true; readonly value: LabelBody }
  /** `window`: as far as it could be read, else empty. */
  | { readonly ok: false; readonly reason: LabelRejection; readonly window: string };

const LABEL_LIMITS: CborLimits = { ...MESSAGE_LIMITS, bytesMax: LIMITS.labelBytesMax };

/**
 * Opens what arrived on the label topic: an envelope, or, so that a person can correct a gateway with `mosquitto_pub`,
 * the bare body as a JSON object. The first byte tells: an envelope begins with 0x87 (array of 7), which no JSON does.
 */
export function readLabel(codec: Codec, bytes: Uint8Array): LabelReading {
  if (bytes.length > LIMITS.labelBytesMax) return { ok: false, reason: 'tooLong', window: '' };
  if (looksLikeJson(bytes)) return readJson(bytes);
  const opened = openEnvelope(codec, LABEL, bytes, LABEL_LIMITS);
  return opened.ok ? { ok: true, value: opened.value.body } : { ok: false, reason: opened.reason, window: '' };
}

/** `{`, or white space before it (RFC 8259 §2). */
function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}

function readJson(bytes: Uint8Array): LabelReading {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, reason: 'json', window: '' };
  }
  return LABEL.check(value) ? { ok: true, value } : { ok: false, reason: 'body', window: windowIn(value) };
}

/** The sender may find its mistake sooner when the refusal names the window. */
function windowIn(value: unknown): string {
  const window = typeof value === 'object' && value !== null && 'window' in value ? value.window : undefined;
  return typeof window === 'string' && window.length <= LIMITS.nameCharsMax ? window : '';
}
