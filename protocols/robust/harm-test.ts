export interface HarmTestOptions {
  /** Share of an honest peer's contributions that may be harmful by chance, > 0 and < 1. */
  readonly honestHarmMax: number;
  /** λ: how much is staked on each contribution, > 0 and < 1 / honestHarmMax. */
  readonly stake: number;
  /** ln(1/α): evidence at which a peer is quarantined. */
  readonly evidenceMax: number;
}

/**
 * A sequential test of one peer. Null hypothesis: at most a share m of its contributions is harmful, given all that
 * went before. Each contribution multiplies a stake by 1 + λ (X − m), X = 1 for a harmful one: a factor whose
 * expectation is at most 1 under the hypothesis. The stake is let fall no lower than 1 before it is multiplied (a
 * CUSUM), so that a peer which turns bad late is found as soon as one that always was.
 *
 * An honest peer is quarantined falsely once in 1/α contributions on average or more rarely, whatever their
 * distribution and however long it runs: the CUSUM is below the Shiryaev-Roberts sum of these stakes, an e-detector
 * (Shin, Ramdas and Rinaldo 2022, arXiv 2203.03532). A peer that is always harmful is found after
 * ln(1/α) / ln(1 + λ (1 − m)) contributions.
 *
 * A quarantined peer is judged on: its evidence may rise to twice the threshold and must fall to nothing before it is
 * believed again.
 */
export class HarmTest {
  /** Logarithm of the stake, 0 to 2 ln(1/α). */
  evidence = 0;
  quarantined = false;
  private readonly rise: number;
  private readonly fall: number;

  constructor(private readonly options: HarmTestOptions) {
    const { stake, honestHarmMax } = options;
    this.rise = Math.log(1 + stake * (1 - honestHarmMax));
    this.fall = Math.log(1 - stake * honestHarmMax);
  }

  observe(harmful: boolean): void {
    const evidence = Math.max(0, this.evidence) + (harmful ? this.rise : this.fall);
    this.evidence = Math.min(2 * this.options.evidenceMax, Math.max(0, evidence));
    if (this.evidence >= this.options.evidenceMax) this.quarantined = true;
    else if (this.evidence === 0) this.quarantined = false;
  }
}
