/** Lines that differ in their figures only are alike; so many of them pass in a period, the others are counted. */
const ALIKE_MAX = 10;
const PERIOD_MS = 60_000;
/** Kinds of lines watched at a time; more than there are in our sources. */
const KINDS_MAX = 256;

interface Kind {
  readonly sinceMs: number;
  passed: number;
  heldBack: number;
}

/** Keeps a fault that repeats from filling the journal and wearing the card. */
export class LogThrottle {
  private readonly kinds = new Map<string, Kind>();

  /** True when the line may pass. @param now monotonic ms */
  admits(text: string, now: number): boolean {
    const name = text.replace(/\d+/g, '#');
    let kind = this.kinds.get(name);
    if (kind === undefined) {
      if (this.kinds.size >= KINDS_MAX) this.kinds.delete(this.kinds.keys().next().value!);
      kind = { sinceMs: now, passed: 0, heldBack: 0 };
      this.kinds.set(name, kind);
    }
    if (kind.passed < ALIKE_MAX) {
      kind.passed++;
      return true;
    }
    kind.heldBack++;
    return false;
  }

  /** To be called before each line and now and then: what was held back in periods that are over, as lines to show. */
  ended(now: number): readonly string[] {
    const lines: string[] = [];
    for (const [name, { sinceMs, heldBack }] of this.kinds) {
      if (now - sinceMs < PERIOD_MS) continue;
      this.kinds.delete(name);
      if (heldBack > 0) lines.push(`${heldBack} more like this were left out in a minute: ${name}`);
    }
    return lines;
  }
}
