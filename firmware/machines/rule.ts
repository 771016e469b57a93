import type { Codec } from '../../protocols/codec.ts';
import { parseInstant } from '../../protocols/instant.ts';
import { type PayloadRead, readPayload, type Scalar } from '../../protocols/payload.ts';
import type { Rule } from '../configuration/rules.ts';
import type { RangeRequest } from './range-labels.ts';

const EVERY_MS = 1_000;
/** A timestamp of another clock may run ahead by this. */
const AHEAD_MS_MAX = 60_000;

/** What a message made a rule do. `unreadable`: the value or the time is not where the rule says. */
export type RuleResult =
  | { readonly kind: 'label'; readonly request: RangeRequest }
  | { readonly kind: 'none' | 'unreadable' | 'tooSoon' };

/** @param now monotonic and Unix ms @param retained the broker had kept it: nobody knows since when */
export interface RuleMachine {
  received(payload: Uint8Array, retained: boolean, now: { monotonicMs: number; unixMs: number }): RuleResult;
}

/** One rule, without I/O: reads, compares, and says which stretch of time gets the label. */
export const createRule = (rule: Rule, codec: Codec): RuleMachine => {
  const { name, read = 'number', when, label, window, everyMs = EVERY_MS } = rule;
  let firedMs = Number.NEGATIVE_INFINITY;
  return {
    received: (payload, retained, now) => {
      const timestamp = 'timestamp' in window ? window.timestamp : null;
      // A retained message speaks of a time that has no age, unless it says when.
      if (retained && timestamp === null) return { kind: 'none' };
      const value = readPayload(codec, payload, read);
      if (value === null) return { kind: 'unreadable' };
      if (!holds(value, when)) return { kind: 'none' };
      const toMs =
        timestamp === null
          ? now.monotonicMs - ('delayMs' in window ? (window.delayMs ?? 0) : 0)
          : monotonicOf(readPayload(codec, payload, besides(read, timestamp)), now);
      if (toMs === null || toMs > now.monotonicMs + AHEAD_MS_MAX) return { kind: 'unreadable' };
      if (now.monotonicMs - firedMs < everyMs) return { kind: 'tooSoon' };
      firedMs = now.monotonicMs;
      const by = `rule:${name}`.slice(0, 64);
      return { kind: 'label', request: { id: name, fromMs: toMs - window.spanMs, toMs, label, by, awaited: false } };
    },
  };
};

const holds = (value: Scalar, { above, below, equals }: Rule['when']): boolean => {
  if (equals !== undefined && value !== equals) return false;
  if (above === undefined && below === undefined) return true;
  if (typeof value !== 'number') return false;
  return (above === undefined || value > above) && (below === undefined || value < below);
};

/** Another place in the same payload. */
const besides = (read: PayloadRead, pointer: string): PayloadRead =>
  typeof read === 'object' && 'cbor' in read ? { cbor: pointer } : { json: pointer };

/** A time that somebody said as monotonic ms; null when it is none. */
const monotonicOf = (said: Scalar | null, now: { monotonicMs: number; unixMs: number }): number | null => {
  const time = said === null || typeof said === 'boolean' ? null : parseInstant(`${said}`);
  return time === null ? null : now.monotonicMs - (now.unixMs - time);
};
