/** People and machines whose record is kept; the one unheard for longest makes room. */
export const LABELLERS_MAX = 64;
/** Windows whose opinions are kept, the latest; as many as a label can still reach on most boards. */
const WINDOWS_MAX = 1024;
const OPINIONS_MAX = 8;
/** Beta prior of how often somebody is right: four in five, worth five windows. */
const PRIOR_RIGHT = 4;
const PRIOR_WRONG = 1;
/** Nobody counts as always right or always wrong: one opinion can be outvoted. */
const RELIABILITY_MAX = 0.99;

/** How often a labeller was right so far, as far as others could tell: fractions of windows. */
export interface TrackRecord {
  readonly by: string;
  readonly right: number;
  readonly wrong: number;
}

interface Opinion {
  readonly by: string;
  label: number;
  confidence: number;
  /** Chance that it was right by all opinions, as counted in the track record; -1: nobody else has spoken. */
  credit: number;
}

/**
 * Several people's labels of one window, made one: Dawid and Skene's model (1979) with one reliability per labeller,
 * the "one-coin" model, online. A labeller says the true class with chance r·c + (1 - c)/K, where c is the confidence
 * stated and r the reliability, a Beta posterior mean; else any other class alike. Of a window, opinions multiply.
 *
 * Each opinion is credited by what all of a window together make likely (their equation 2.3, a step for each opinion),
 * once there are two: who answers alone gains no record. Credits are corrected as more opinions of the window come.
 * Without I/O; bounded in labellers, windows and opinions.
 */
export class LabelPool {
  private readonly records = new Map<string, { right: number; wrong: number }>();
  private readonly windows = new Map<string, Opinion[]>();

  constructor(
    private readonly classes: number,
    records: readonly TrackRecord[] = [],
  ) {
    for (const { by, right, wrong } of records.slice(-LABELLERS_MAX)) this.records.set(by, { right, wrong });
  }

  /** Track records, the one heard last at the end: what must survive a restart. */
  get trackRecords(): readonly TrackRecord[] {
    return Array.from(this.records, ([by, { right, wrong }]) => ({ by, right, wrong }));
  }

  /** Chance that a label of this labeller is right, 0 to 1. */
  reliability(by: string): number {
    const { right, wrong } = this.records.get(by) ?? { right: 0, wrong: 0 };
    return Math.min(RELIABILITY_MAX, (right + PRIOR_RIGHT) / (right + wrong + PRIOR_RIGHT + PRIOR_WRONG));
  }

  /** Whether somebody's opinion of the window is remembered. */
  knows(window: string): boolean {
    return this.windows.has(window);
  }

  /** One opinion; a second one of the same labeller takes the place of the first. @param confidence 0 to 1 */
  add(window: string, by: string, label: number, confidence: number): void {
    this.touch(by);
    const opinions = this.windows.get(window) ?? [];
    const own = opinions.find((opinion) => opinion.by === by);
    if (own !== undefined) Object.assign(own, { label, confidence });
    else if (opinions.length < OPINIONS_MAX) opinions.push({ by, label, confidence, credit: -1 });
    this.windows.set(window, opinions);
    for (const oldest of this.windows.keys()) {
      if (this.windows.size <= WINDOWS_MAX) break;
      this.windows.delete(oldest);
    }
    this.credit(opinions);
  }

  /** The class that all opinions of the window together speak for; of equals `standing`. */
  decide(window: string, standing: number): number {
    const chances = this.posterior(this.windows.get(window) ?? []);
    let best = standing;
    // A tie is one also after rounding: whoever came first stands.
    for (let k = 0; k < this.classes; k++) if (chances[k]! > chances[best]! * (1 + 1e-9)) best = k;
    return best;
  }

  private posterior(opinions: readonly Opinion[]): Float64Array {
    const chances = new Float64Array(this.classes).fill(1 / this.classes);
    for (const { by, label, confidence } of opinions) {
      const right = confidence * this.reliability(by) + (1 - confidence) / this.classes;
      const wrong = (1 - right) / Math.max(1, this.classes - 1);
      let sum = 0;
      for (let k = 0; k < this.classes; k++) {
        chances[k] = chances[k]! * (k === label ? right : wrong);
        sum += chances[k]!;
      }
      for (let k = 0; k < this.classes; k++) chances[k] = chances[k]! / sum;
    }
    return chances;
  }

  private credit(opinions: readonly Opinion[]): void {
    if (opinions.length < 2) return;
    // By the records as they were before this opinion, for everybody.
    const chances = this.posterior(opinions);
    for (const opinion of opinions) {
      const record = this.records.get(opinion.by);
      const credit = chances[opinion.label]!;
      if (record !== undefined) {
        const before = opinion.credit;
        record.right = Math.max(0, record.right + credit - Math.max(0, before));
        record.wrong = Math.max(0, record.wrong + (1 - credit) - (before < 0 ? 0 : 1 - before));
      }
      opinion.credit = credit;
    }
  }

  /** Makes a record, or moves it to the end. */
  private touch(by: string): void {
    const record = this.records.get(by) ?? { right: 0, wrong: 0 };
    this.records.delete(by);
    this.records.set(by, record);
    for (const oldest of this.records.keys()) {
      if (this.records.size <= LABELLERS_MAX) break;
      this.records.delete(oldest);
    }
  }
}
