export interface RelayChoiceOptions {
  /** γ: how much of the past counts after each further trial, > 0 and < 1. */
  readonly forgetting: number;
  /** ξ: how much is explored, > 0. */
  readonly exploration: number;
  /** A relay that takes this long is worth half of one that answers at once, ms. */
  readonly halfMs: number;
  /** Relays whose record is kept; the one tried longest ago is forgotten. */
  readonly remembered: number;
}

interface RelayRecord {
  /** Discounted number of trials and sum of their rewards, as of trial `at`. */
  trials: number;
  reward: number;
  at: number;
  inFlight: number;
}

/**
 * Which of several members relays, learned from how the earlier ones did: discounted UCB (Garivier and Moulines 2011,
 * arXiv 0805.3415). The reward of a trial is 0 when it was lost, else halfMs / (halfMs + latency); old trials
 * fade, since links and loads change. What is already under way to a relay counts as so many trials of half its worth,
 * or everything would go to the best one at the same moment. Deterministic: equals go to the first candidate.
 */
export class RelayChoice {
  private readonly records = new Map<string, RelayRecord>();
  private trial = 0;

  constructor(private readonly options: RelayChoiceOptions) {}

  /** @param candidates at least one, in the order in which unknown ones are tried */
  choose(candidates: readonly string[]): string {
    const known = candidates.map((name) => this.current(name));
    const total = known.reduce((sum, { trials, inFlight }) => sum + trials + inFlight, 0);
    let [best, bestBound] = [candidates[0]!, Number.NEGATIVE_INFINITY];
    for (const [i, { trials, reward, inFlight }] of known.entries()) {
      const mean = trials > 0 ? reward / trials : 0.5;
      const weighed = trials + inFlight;
      const value = weighed > 0 ? (reward + (inFlight * mean) / 2) / weighed : 0;
      const margin = Math.sqrt((this.options.exploration * Math.log(Math.max(Math.E, total))) / weighed);
      const bound = weighed > 0 ? value + margin : Number.POSITIVE_INFINITY;
      if (bound > bestBound) [best, bestBound] = [candidates[i]!, bound];
    }
    return best;
  }

  sent(relay: string): void {
    this.keep(relay, { ...this.current(relay), at: this.trial, inFlight: this.current(relay).inFlight + 1 });
  }

  /** @param latencyMs until its first word; Infinity when none came */
  ended(relay: string, latencyMs: number): void {
    const { halfMs } = this.options;
    const { inFlight } = this.current(relay);
    this.trial += 1;
    const { trials, reward } = this.current(relay);
    const earned = latencyMs === Number.POSITIVE_INFINITY ? 0 : halfMs / (halfMs + Math.max(0, latencyMs));
    this.keep(relay, {
      trials: trials + 1,
      reward: reward + earned,
      at: this.trial,
      inFlight: Math.max(0, inFlight - 1),
    });
  }

  private current(relay: string): RelayRecord {
    const record = this.records.get(relay);
    if (record === undefined) return { trials: 0, reward: 0, at: this.trial, inFlight: 0 };
    const faded = this.options.forgetting ** (this.trial - record.at);
    return { ...record, trials: record.trials * faded, reward: record.reward * faded };
  }

  private keep(relay: string, record: RelayRecord): void {
    this.records.delete(relay);
    this.records.set(relay, record);
    if (this.records.size <= this.options.remembered) return;
    for (const oldest of this.records.keys()) {
      this.records.delete(oldest);
      return;
    }
  }
}
