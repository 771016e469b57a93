import { log } from '../math/log.ts';

/** Buckets of one size before the two oldest become one of the next: the paper's M. */
const BUCKETS = 5;
/** Row r holds buckets of 2^r: together more labels than a node meets; the oldest are let go beyond that. */
const ROWS = 12;
/** Fewer observations on either side of a cut say nothing. */
const SIDE_MIN = 5;

const sizeOf = (row: number): number => 1 << row;

export type Change = 'none' | 'rise' | 'fall';

/**
 * ADWIN2 (Bifet and Gavaldà 2007, §3 and §4) over yes and no: a window that grows while its mean stays and drops its
 * older part when two parts of it differ by more than chance allows, with a false alarm at a rate of about `delta`:
 *
 *     ε = sqrt(2/m σ² ln(2/δ')) + 2/(3m) ln(2/δ'),   1/m = 1/n0 + 1/n1,   δ' = δ / ln n
 *
 * Kept as an exponential histogram, so memory and work are logarithmic in the window. Allocates nothing once made.
 */
export class Adwin {
  /** [ROWS × BUCKETS + 1] 'yes' in each bucket, oldest first within a row, and [ROWS] buckets in use: the state. */
  readonly yes = new Uint16Array(ROWS * (BUCKETS + 1));
  readonly used = new Uint8Array(ROWS);

  /** @param delta probability of a false alarm, > 0 and < 1 */
  constructor(private readonly delta: number) {}

  /** Observations in the window. */
  get width(): number {
    let width = 0;
    for (let row = 0; row < ROWS; row++) width += this.used[row]! * sizeOf(row);
    return width;
  }

  /** Share of yes in the window; 0 when it is empty. */
  get mean(): number {
    const { width } = this;
    return width === 0 ? 0 : this.total / width;
  }

  /** Takes an observation in. `rise`: from here on yes is more frequent than before, and what was before is dropped. */
  add(yes: boolean): Change {
    this.insert(yes ? 1 : 0);
    const before = this.mean;
    let cut = false;
    while (this.dropIfChanged()) cut = true;
    if (!cut) return 'none';
    return this.mean > before ? 'rise' : 'fall';
  }

  private get total(): number {
    let total = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let b = 0; b < this.used[row]!; b++) total += this.yes[row * (BUCKETS + 1) + b]!;
    }
    return total;
  }

  private insert(yes: number): void {
    let carried = yes;
    for (let row = 0; row < ROWS; row++) {
      const at = row * (BUCKETS + 1);
      this.yes[at + this.used[row]!] = carried;
      this.used[row] = this.used[row]! + 1;
      if (this.used[row]! <= BUCKETS) return;
      carried = this.yes[at]! + this.yes[at + 1]!;
      this.yes.copyWithin(at, at + 2, at + BUCKETS + 1);
      this.used[row] = BUCKETS - 1;
    }
  }

  /** Drops the oldest bucket when some cut of the window shows a change. */
  private dropIfChanged(): boolean {
    const { width, total, used } = this;
    let n = 0;
    let yes = 0;
    for (let row = ROWS - 1; row >= 0; row--) {
      for (let b = 0; b < used[row]!; b++) {
        n += sizeOf(row);
        yes += this.yes[row * (BUCKETS + 1) + b]!;
        if (n < SIDE_MIN || width - n < SIDE_MIN) continue;
        if (Math.abs(yes / n - (total - yes) / (width - n)) <= this.bound(n, width, total / width)) continue;
        this.dropOldest();
        return true;
      }
    }
    return false;
  }

  private bound(n: number, width: number, mean: number): number {
    const perM = 1 / n + 1 / (width - n);
    const nats = log((2 * Math.max(1, log(width))) / this.delta);
    return Math.sqrt(2 * perM * mean * (1 - mean) * nats) + (2 / 3) * perM * nats;
  }

  private dropOldest(): void {
    let row = ROWS - 1;
    while (this.used[row] === 0) row--;
    const at = row * (BUCKETS + 1);
    this.yes.copyWithin(at, at + 1, at + BUCKETS + 1);
    this.used[row] = this.used[row]! - 1;
  }
}
