/** ρ of one Gaussian release with noise of z times the sensitivity: its Rényi divergence of order α is α ρ. */
export function gaussianRho(noiseMultiplier: number): number {
  // Mironov 2017 (arXiv 1702.07476), corollary 3: α / (2 z²).
  return 1 / (2 * noiseMultiplier * noiseMultiplier);
}

/**
 * ε of an (α, divergence)-Rényi private mechanism at a given δ (Canonne, Kamath and Steinke 2020, arXiv 2004.00010,
 * proposition 12):
 *
 *     ε = divergence + ln(1 − 1/α) − (ln δ + ln α) / (α − 1)
 *
 * @param alpha > 1. @param delta > 0 and < 1
 */
export function epsilonAt(alpha: number, divergence: number, delta: number): number {
  return Math.max(0, divergence + Math.log1p(-1 / alpha) - Math.log(delta * alpha) / (alpha - 1));
}

/** α - 1 from 10^-3 to 10^7, 100 to a decade: every order gives a true bound, so a coarser choice only says more. */
const DECADES = { first: -3, count: 10, steps: 100 };

/**
 * The least ε at δ over all orders, for Gaussian releases whose ρ add up to `rho`; Infinity when nothing is private.
 *
 * @param rho >= 0
 */
export function gaussianEpsilon(rho: number, delta: number): number {
  if (rho === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= DECADES.count * DECADES.steps; k++) {
    const alpha = 1 + 10 ** (DECADES.first + k / DECADES.steps);
    least = Math.min(least, epsilonAt(alpha, alpha * rho, delta));
  }
  return least;
}
