import type { Admission, Defence } from './defence.ts';
import { squaredDistance } from './distance.ts';
import { TypicalDistance } from './typical-distance.ts';

export interface ClipOptions {
  /** K: distinct peers whose distances are looked at, >= 1. */
  readonly peers: number;
  /** Admissions after which a peer's distance no longer counts. */
  readonly ageMax: number;
  /** τ in median distances, > 0: smaller is safer against liars and slower for honest peers who differ. */
  readonly reach: number;
}

/**
 * Self-centred clipping (He, Karimireddy and Jaggi 2022, arXiv 2202.01545):
 *
 *     v' = x + min(1, τ / ‖v − x‖) (v − x)
 *
 * so no peer moves the receiver further than τ, whatever it says. The paper's τ² is a mean of squared distances to the
 * honest neighbours, who are unknown; here τ = `reach` × the typical distance of the *other* last K distinct peers.
 *
 * With one peer in all there is nobody to compare with, and its value is taken as it comes, after a while.
 */
export class Clip implements Defence {
  readonly name = 'clip';
  latest: Admission = 'asSaid';
  /** Clipping radius used last. */
  radius = Number.POSITIVE_INFINITY;
  private readonly typical: TypicalDistance;
  private out = new Float64Array(0);

  constructor(private readonly options: ClipOptions) {
    this.typical = new TypicalDistance(options.peers, options.ageMax);
  }

  admit(own: Float64Array, peer: string, value: Float64Array): Float64Array {
    const distance = Math.sqrt(squaredDistance(own, value));
    this.radius = this.options.reach * this.typical.exceptOf(peer);
    this.typical.heard(peer, distance);
    if (this.out.length !== own.length) this.out = new Float64Array(own.length);
    const keep = distance > this.radius ? this.radius / distance : 1;
    this.latest = keep < 1 ? 'bounded' : 'asSaid';
    for (let d = 0; d < own.length; d++) this.out[d] = own[d]! + keep * (value[d]! - own[d]!);
    return this.out;
  }

  forget(peer: string): void {
    this.typical.forget(peer);
  }
}
