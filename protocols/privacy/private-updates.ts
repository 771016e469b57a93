import type { PrivacyTotal } from './privacy-total.ts';
import { gaussianEpsilon, gaussianRho } from './renyi.ts';

export interface PrivacyOptions {
  /** C: what one update may be long, in the parameters' own unit (Euclidean norm), > 0. */
  readonly clipNorm: number;
  /** z: standard deviation of the noise per coordinate in clipping norms, > 0. */
  readonly noiseMultiplier: number;
  /** δ of the promise, > 0 and < 1: well below one in the number of nodes. */
  readonly delta: number;
  /** ε at which the node stops sharing what it learns, > 0. */
  readonly epsilonMax: number;
}

/**
 * What a node has learned goes into the mesh clipped and with normal noise (Dwork and Roth 2014, §A), before it is
 * added to the node's mass: whatever peers compute of it later costs nothing more (post-processing). The promise is
 * about a node's whole share of the learning: with probability about 1 − δ nobody who sees all of its messages can tell
 * by odds better than e^ε whether its updates were there at all; to tell two updates apart is worth a ρ four times as
 * large (the sensitivity is 2 C). There is no credit for sampling or shuffling: every update of every node is seen.
 *
 * A learning step that would exceed the budget is not shared, and nothing after it.
 */
export class PrivateUpdates {
  private rho: number;
  private releases: number;

  /**
   * @param normal standard normal draws; for a promise that holds against an adversary they come from a secret seed
   * @param before the stored total; null when there is none yet
   */
  constructor(
    private readonly options: PrivacyOptions,
    private readonly normal: () => number,
    before: PrivacyTotal | null,
  ) {
    this.rho = before?.rho ?? 0;
    this.releases = before?.releases ?? 0;
  }

  /** To be stored before the update that was just released is sent. */
  get total(): PrivacyTotal {
    return { rho: this.rho, releases: this.releases };
  }

  /** ε spent, at the δ of the options. */
  get epsilon(): number {
    return gaussianEpsilon(this.rho, this.options.delta);
  }

  /** Turns an update [D] into what may be shared, in place; to zeros, and false, when the budget does not allow it. */
  release(update: Float64Array): boolean {
    const { clipNorm, noiseMultiplier, delta, epsilonMax } = this.options;
    const rho = this.rho + gaussianRho(noiseMultiplier);
    const length = Math.sqrt(update.reduce((sum, value) => sum + value * value, 0));
    // An update that is not finite has no length to clip to.
    if (!Number.isFinite(length) || gaussianEpsilon(rho, delta) > epsilonMax) {
      update.fill(0);
      return false;
    }
    const scale = length > clipNorm ? clipNorm / length : 1;
    for (let d = 0; d < update.length; d++) {
      update[d] = scale * update[d]! + noiseMultiplier * clipNorm * this.normal();
    }
    this.rho = rho;
    this.releases += 1;
    return true;
  }
}
