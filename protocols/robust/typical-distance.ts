import { RecentPeers } from './recent-peers.ts';

/** Fewer distances than this have no median worth the name: the smallest is taken. */
const OTHERS_MIN = 3;
/** A whole cycle of a large fleet brings other peers before this. */
const ALONE_MIN = 4;

/**
 * How far apart nodes usually are, as one of them sees it: the median of the latest distances of the last K distinct
 * peers. It holds as long as liars are less than half of these, follows the fleet (falls with consensus, rises when
 * honest nodes learn apart), and leaves out the peer in question, which has no say in what it is measured by.
 */
export class TypicalDistance {
  private readonly recent: RecentPeers<{ distance: number }>;
  private readonly others: { distance: number }[] = [];
  /** Values of one peer in a row, while no other counted. */
  private alone = 0;

  constructor(peers: number, ageMax: number) {
    this.recent = new RecentPeers(peers, ageMax, () => ({ distance: 0 }));
  }

  /**
   * With one or two others the smaller distance. While no other was heard 0, so that a young node looks at somebody
   * else before it believes anybody; Infinity once a peer has spoken so often that it must be the only one.
   */
  exceptOf(peer: string): number {
    const others = this.recent.others(peer, this.others);
    if (others.length === 0) return this.alone < ALONE_MIN ? 0 : Number.POSITIVE_INFINITY;
    others.sort((a, b) => a.distance - b.distance);
    // The lower one of two middles: between an honest and a lying half it is the honest one.
    return others[others.length < OTHERS_MIN ? 0 : (others.length - 1) >> 1]!.distance;
  }

  heard(peer: string, distance: number): void {
    this.alone = this.recent.others(peer, this.others).length === 0 ? this.alone + 1 : 0;
    this.recent.touch(peer).distance = distance;
  }

  forget(peer: string): void {
    this.recent.forget(peer);
  }
}
