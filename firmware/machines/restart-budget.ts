/** What fails more often than this fails for a reason that no restart cures; a lone crash now and then is none. */
export const RESTARTS_MAX = 5;
const PERIOD_MS = 3_600_000;

/** How often something may be started again: at most `RESTARTS_MAX` times in any hour. */
export class RestartBudget {
  private readonly startedMs: number[] = [];

  /** Takes one restart off the budget; false when it is spent. @param now monotonic ms */
  take(now: number): boolean {
    const { startedMs } = this;
    while (startedMs.length > 0 && now - startedMs[0]! >= PERIOD_MS) startedMs.shift();
    if (startedMs.length >= RESTARTS_MAX) return false;
    startedMs.push(now);
    return true;
  }

  /** Restarts within the hour before the last one. */
  get taken(): number {
    return this.startedMs.length;
  }
}
