/** What a node remembers of a peer's conduct. */
export interface Conduct {
  /** Running mean of min(1, typical distance / distance of its value): 1 is one of many, 0 a stranger. */
  readonly agreement: number;
  /** Shares that were refused for a fault of the sender's own, fading with each good one; >= 0. */
  readonly refusals: number;
  /** Evidence of harm as a share of what quarantines, 0 to 2 (`harm-test.ts`). */
  readonly harm: number;
  readonly quarantined: boolean;
}

export interface ReputationOptions {
  /** Agreement at which a peer counts not at all, and from which it counts fully; 0 <= none < full <= 1. */
  readonly agreementNone: number;
  readonly agreementFull: number;
  /** The least that a peer counts unless it is quarantined: parts of a fleet that were apart must find together. */
  readonly scoreMin: number;
}

/**
 * Score of a peer, 0 to 1: the share of its weight that is believed. A total function of its conduct.
 *
 *     score = 0                                  in quarantine
 *           = max(scoreMin, P1 · P2 · P3)        else
 *
 *     P1 = ramp(agreement)       0 at `agreementNone`, 1 from `agreementFull`: how near its values usually lie
 *     P2 = 1 / (1 + refusals)    malformed or absurd shares
 *     P3 = 1 − harm              how near it is to quarantine by the receiver's own windows
 */
export function scoreOf(conduct: Conduct, options: ReputationOptions): number {
  if (conduct.quarantined) return 0;
  const { agreementNone, agreementFull, scoreMin } = options;
  const p1 = within01((conduct.agreement - agreementNone) / (agreementFull - agreementNone));
  const p2 = 1 / (1 + Math.max(0, conduct.refusals));
  const p3 = within01(1 - conduct.harm);
  return Math.max(scoreMin, p1 * p2 * p3);
}

function within01(x: number): number {
  return Math.min(1, Math.max(0, x));
}
