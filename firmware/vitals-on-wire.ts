import { LIMITS } from '../protocols/limits.ts';

/** The counters that fit a telemetry message: numbers under names of at most 64 characters, the first 128 of them. */
export const countersOnWire = (counters: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counters)
      .filter(([name, value]) => fitsName(name) && Number.isFinite(value))
      .slice(0, LIMITS.vitalsMax),
  );

/** The troubles that fit: the first 32, each cut to 160 characters; the node's own log has them in full. */
export const healthOnWire = (health: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(health)
      .filter(([name]) => fitsName(name))
      .slice(0, LIMITS.troublesMax)
      .map(([name, text]) => [name, shorten(text)]),
  );

const fitsName = (name: string): boolean => name.length > 0 && name.length <= LIMITS.nameCharsMax;

const shorten = (text: string): string => {
  if (text.length <= LIMITS.troubleCharsMax) return text;
  // A character beyond 16 bits is two units: half of one would be no text.
  return `${text.slice(0, LIMITS.troubleCharsMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
};
