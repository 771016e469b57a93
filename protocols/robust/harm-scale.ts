import { RecentPeers } from './recent-peers.ts';

export interface HarmScaleOptions {
  /** K: distinct peers compared with. */
  readonly peers: number;
  readonly ageMax: number;
  /** Fewer others than this and nobody is judged. */
  readonly othersMin: number;
  /** How far above the others' median counts as harm, in their median absolute deviations. */
  readonly deviations: number;
  /** … and in nats, above the same: what no operator would miss. */
  readonly natsMin: number;
  /** … or in nats above no learning at all, whatever others bring: holds where most peers that were heard are liars. */
  readonly natsMax: number;
}

export interface Losses {
  readonly value: number;
  readonly own: number;
  readonly zeros: number;
}

/** In nats; a larger loss is no worse, and infinities stay out of the arithmetic. */
const NATS_MAX = 1e6;

/**
 * Which differences of loss are harm. A peer's parameters are nearly always a little worse on my windows than my own,
 * which learned them: that is no offence. Harm is to be far worse than what the *other* last K distinct peers bring:
 *
 *     difference > max(0, median + deviations · MAD + natsMin)
 *
 * so where honest peers differ much, much is allowed. Where most of these others are liars, nothing would be harm. So
 * it is also harm to be worse than parameters of zero, the model as shipped, by `natsMax` and by as much as own is
 * better than they are:
 *
 *     value > own    and    value − zeros > max(natsMax, zeros − own)
 */
export class HarmScale {
  private readonly recent: RecentPeers<{ difference: number }>;
  private readonly others: { difference: number }[] = [];

  constructor(private readonly options: HarmScaleOptions) {
    this.recent = new RecentPeers(options.peers, options.ageMax, () => ({ difference: 0 }));
  }

  /**
   * @param losses mean log-loss on the same windows, nats, of the peer's value, the own estimate, and zeros
   * @returns null while too few others are known to compare with
   */
  harmful(peer: string, losses: Losses): boolean | null {
    const difference = losses.value - losses.own;
    const { othersMin, deviations, natsMin, natsMax } = this.options;
    const bounded = Number.isNaN(difference) ? NATS_MAX : Math.min(NATS_MAX, Math.max(-NATS_MAX, difference));
    const others = this.recent.others(peer, this.others).map((other) => other.difference);
    this.recent.touch(peer).difference = bounded;
    const gained = losses.zeros - losses.own;
    if (bounded > 0 && !(losses.value <= losses.zeros + Math.max(natsMax, gained))) return true;
    if (others.length < othersMin) return null;
    const middle = medianOf(others);
    const deviation = medianOf(others.map((other) => Math.abs(other - middle)));
    return bounded > Math.max(0, middle + deviations * deviation + natsMin);
  }

  forget(peer: string): void {
    this.recent.forget(peer);
  }
}

/** The lower middle one. @param values at least one; sorted afterwards */
function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[(values.length - 1) >> 1]!;
}
