const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** Longest timer that Node can set: 2^31 - 1 ms, about 24 days. */
const DURATION_MS_MAX = 2_147_483_647;

/** Milliseconds of `30s`, `10m`, `1.5h`, `500ms` or plain seconds; null when the text says no such time above 0. */
export const parseDuration = (text: string): number | null => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * UNITS_MS[match[2] ?? 's']!;
  return ms >= 1 && ms <= DURATION_MS_MAX ? Math.round(ms) : null;
};
