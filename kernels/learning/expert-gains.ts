import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';

/** Labels' worth of belief that no expert is better than the first. */
const DOUBT = 10;
/** Labels that the mean looks back over at most. */
const MEMORY = 200;
/** Labels that what the fleet found counts for, and nats that it may count for, either way, whatever is said. */
const FLEET_LABELS = 100;
const LEAN_MAX = 3;

/**
 * How much better than the first expert each other one is, as mean gain in log-loss of a label, in nats: a handful of
 * numbers that nodes of one kind average among each other, so that none has to find out alone whom to believe. It is a
 * prior only, worth a bounded number of labels: what a node's own labels say soon weighs more.
 */
export class ExpertGains {
  /** [experts - 1] mean gain on this node's labels. */
  readonly own: Float64Array;
  /** [experts - 1] the fleet's mean when it was last mixed, moved since by as much as `own` was. */
  readonly fleet: Float64Array;
  /** Labels, with `DOUBT` and at most `MEMORY`. */
  readonly weight = new Float64Array([DOUBT]);

  /** @param places [experts - 1] of each in a mixture's list of experts, -1: it is not among them */
  constructor(private readonly places: readonly number[]) {
    this.own = new Float64Array(places.length);
    this.fleet = new Float64Array(places.length);
  }

  /** A label came. @param likelihood what the expert at a place in the mixture had given the label, > 0 */
  learn(likelihood: (place: number) => number): void {
    const weight = Math.min(this.weight[0]! + 1, MEMORY);
    this.weight[0] = weight;
    const first = log(likelihood(0));
    this.places.forEach((place, e) => {
      const gain = place < 0 ? 0 : log(likelihood(place)) - first;
      const step = (gain - this.own[e]!) / weight;
      this.own[e] = this.own[e]! + step;
      this.fleet[e] = this.fleet[e]! + step;
    });
  }

  /** What the fleet's mean makes of a prior, both [experts of the mixture]. */
  lean(prior: readonly number[], out: Float64Array): void {
    out.set(prior);
    this.places.forEach((place, e) => {
      const nats = Math.max(-LEAN_MAX, Math.min(LEAN_MAX, FLEET_LABELS * this.fleet[e]!));
      if (place >= 0) out[place] = out[place]! * exp(nats);
    });
    const sum = out.reduce((total, value) => total + value, 0);
    for (let e = 0; e < out.length; e++) out[e] = out[e]! / sum;
  }
}
