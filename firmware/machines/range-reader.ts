import type { Codec } from '../../protocols/codec.ts';
import { unixMsOf } from '../../protocols/instant.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { readMessage, textIn } from '../../protocols/message-reader.ts';
import { LABEL_RANGE } from '../../protocols/messages/label-range.ts';
import type { LabelRangeAckBody, LabelRangeStatus } from '../../protocols/messages/label-range-ack.ts';
import type { RangeRequest } from './range-labels.ts';

/** A stretch may end this far in the future: someone says "from now on for a minute". */
const AHEAD_MS_MAX = 60_000;

export type RangeReading =
  | { readonly ok: true; readonly request: RangeRequest }
  | { readonly ok: false; readonly ack: LabelRangeAckBody };

export interface RangeClock {
  readonly monotonicMs: number;
  /** As the gateway believes it. */
  readonly unixMs: number;
}

/**
 * Opens what arrived on the topic of labels for stretches of time. Times become ages, by the sender's clock when it
 * says what that showed, and ages become monotonic times: a gateway whose clock was wrong at start, or is set in
 * between, labels the right windows.
 */
export function readRange(codec: Codec, classes: readonly string[], bytes: Uint8Array, now: RangeClock): RangeReading {
  const reading = readMessage(codec, LABEL_RANGE, bytes, LIMITS.labelBytesMax);
  if (!reading.ok) {
    const id = textIn(reading.seen, 'id', LIMITS.nameCharsMax);
    const shape = 'an object of from, to (in ms, or like 2026-11-23T14:00:00Z) and label';
    return { ok: false, ack: refusal(id, 'malformed', `refused (${reading.reason}); send ${shape}`) };
  }
  const { id = '', from, to, label, sentAt, by = '' } = reading.value;
  if (!classes.includes(label)) {
    const known = `this model knows only: ${classes.join(', ')}`.slice(0, 400);
    return { ok: false, ack: refusal(id, 'unknownClass', known) };
  }
  const sentMs = sentAt === undefined ? now.unixMs : unixMsOf(sentAt);
  const [fromMs, toMs] = [from, to].map((instant) => now.monotonicMs - (sentMs - unixMsOf(instant)));
  const fault = faultOf(fromMs!, toMs!, now.monotonicMs);
  if (fault !== null) return { ok: false, ack: refusal(id, 'malformed', fault) };
  return { ok: true, request: { id, fromMs: fromMs!, toMs: toMs!, label, by, awaited: true } };
}

/** An answer without windows. */
export function refusal(id: string, status: LabelRangeStatus, message: string): LabelRangeAckBody {
  return { id, status, windows: 0, stored: 0, duplicate: 0, conflict: 0, refused: 0, message };
}

function faultOf(fromMs: number, toMs: number, nowMs: number): string | null {
  if (!Number.isFinite(fromMs + toMs)) return 'a time is not in the calendar';
  if (toMs < fromMs) return 'the time ends before it begins';
  if (toMs <= nowMs + AHEAD_MS_MAX) return null;
  const aheadSeconds = Math.round((toMs - nowMs) / 1_000);
  return `the time ends ${aheadSeconds} s ahead of the gateway's clock; send sentAt if that is wrong`;
}
