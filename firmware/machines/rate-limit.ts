/** At most so many in any second of the clock that is handed in; whatever is above that is refused, never queued. */
export interface RateLimit {
  /** @param now monotonic ms */
  allows(now: number): boolean;
}

/** @param perSecond may be a fraction: 0.2 is one every five seconds */
export const createRateLimit = (perSecond: number): RateLimit => {
  const periodMs = perSecond < 1 ? 1_000 / perSecond : 1_000;
  const most = perSecond < 1 ? 1 : perSecond;
  let beganMs = Number.NEGATIVE_INFINITY;
  let taken = 0;
  return {
    allows: (now) => {
      if (now - beganMs >= periodMs) {
        beganMs = now;
        taken = 0;
      }
      if (taken + 1 > most) return false;
      taken++;
      return true;
    },
  };
};
