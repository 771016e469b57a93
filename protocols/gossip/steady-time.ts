/**
 * Time that never goes back, from a clock that may be set back (a gateway without a clock chip starts in 1970, and NTP
 * corrects it): what waits for a time then waits no longer than it would have.
 */
export class SteadyTime {
  private last = Number.NEGATIVE_INFINITY;
  /** What the clock was set back by so far, whole ms: subtracting and adding it again is then exact. */
  private lost = 0;

  /** @param now what the clock says, ms. Steady time, ms */
  from(now: number): number {
    if (now < this.last) this.lost += Math.ceil(this.last - now);
    this.last = now;
    return now + this.lost;
  }

  /** What the clock will say at a steady time. */
  onClock(steady: number): number {
    return steady - this.lost;
  }
}
