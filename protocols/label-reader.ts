import type { Codec } from './codec.ts';
import { LIMITS } from './limits.ts';
import { type ReadingRejection, readMessage, textIn } from './message-reader.ts';
import { LABEL, type LabelBody } from './messages/label.ts';

export type LabelRejection = ReadingRejection;

export type LabelReading =
  | { readonly ok: true; readonly value: LabelBody }
  /** `window`: as far as it could be read, else empty. */
  | { readonly ok: false; readonly reason: LabelRejection; readonly window: string };

/** Opens what arrived on the label topic: an envelope, or the bare body as a JSON object. */
export function readLabel(codec: Codec, bytes: Uint8Array): LabelReading {
  const reading = readMessage(codec, LABEL, bytes, LIMITS.labelBytesMax);
  if (reading.ok) return reading;
  return { ok: false, reason: reading.reason, window: textIn(reading.seen, 'window', LIMITS.nameCharsMax) };
}
