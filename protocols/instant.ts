import Type, { type Static } from 'typebox';
import { Count } from './numbers.ts';

/** RFC 3339: `2026-11-23T14:05:00Z`, `2026-11-23T15:05:00.250+01:00`. Without a zone nobody knows whose noon it is. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A moment: Unix time in ms, or a text with date, time and zone. */
export const Instant = Type.Union([Count, Type.String({ pattern: TIME.source, maxLength: 40 })]);
export type Instant = Static<typeof Instant>;

/** Unix ms of a moment; NaN when the calendar has no such day or hour. */
export function unixMsOf(instant: Instant): number {
  return typeof instant === 'number' ? instant : Date.parse(instant.replace(' ', 'T').toUpperCase());
}

/** Unix ms of what a person or a PLC wrote: digits are ms; null when it is neither form. */
export function parseInstant(text: string): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (!TIME.test(text)) return null;
  const ms = unixMsOf(text);
  return Number.isNaN(ms) ? null : ms;
}
