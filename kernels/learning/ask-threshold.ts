/** Latest values that a new one is ranked among. */
const RANKED = 256;
/** How far the threshold falls for each question that was earned and not asked. */
const STEP = 0.1;
/** One question in so many goes to whatever window comes once so many have been saved. */
const BLIND_EVERY = 3;
const BLIND_SAVED = 2;
/** At this many the threshold is 0, and any window is asked about. */
const SAVED_MAX = 1 + 1 / STEP;

/**
 * Chooses, as windows come, those worth a question, so that the budget is neither spent at once nor left. Questions are
 * earned as time goes by. A window is ranked among the latest ones, r in 0 to 1, and asked about when a whole question
 * has been saved and
 *
 *     r >= 1 - STEP × (saved - 1)
 *
 * so that the threshold moves up by STEP with a question and back by what is earned: the quantile tracking of Gibbs and
 * Candès (2021, eq. 2), which needs no assumption about the values. Every third question is blind: a model that is
 * wrong and sure of it would never be asked about by its own doubt. Over any stretch the questions exceed what was
 * earned by at most what was saved before, and fall short of it by at most `SAVED_MAX`. Allocates nothing.
 */
export class AskThreshold {
  private readonly latest = new Float32Array(RANKED);
  private count = 0;
  private saved = 1;
  private asked = 0;

  /**
   * @param value of a label for this window (`LabelValue.of`)
   * @param earned questions earned since the last window: budget × time; 0 or more
   */
  asks(value: number, earned: number): boolean {
    const rank = this.rank(value);
    this.latest[this.count % RANKED] = value;
    this.count++;
    this.saved = Math.min(SAVED_MAX, this.saved + earned);
    const blind = this.asked % BLIND_EVERY === BLIND_EVERY - 1;
    const due = blind ? this.saved >= BLIND_SAVED : rank >= 1 - STEP * (this.saved - 1);
    if (this.saved < 1 || !due) return false;
    this.saved -= 1;
    this.asked++;
    return true;
  }

  /** Share of the latest values that lie below, equals counting half; 0.5 before the first. */
  private rank(value: number): number {
    const known = Math.min(this.count, RANKED);
    if (known === 0) return 0.5;
    const single = Math.fround(value);
    let below = 0;
    let equal = 0;
    for (let i = 0; i < known; i++) {
      if (this.latest[i]! < single) below++;
      else if (this.latest[i] === single) equal++;
    }
    return (below + equal / 2) / known;
  }
}
