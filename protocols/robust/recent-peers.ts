/**
 * A record of each of the last K distinct peers, the one heard longest ago making room for a new one. One record a
 * peer, however often it speaks: nobody gains a second voice by sending more. K is small, so everything is a scan.
 */
export class RecentPeers<Kept> {
  private readonly rows: { peer: string; heard: number; kept: Kept }[] = [];
  private clock = 0;

  /**
   * @param capacity K, >= 1
   * @param ageMax a record is forgotten when more than this many later ones came without its peer's; it has gone stale
   * @param create makes an empty record, K times in all
   */
  constructor(
    private readonly capacity: number,
    private readonly ageMax: number,
    private readonly create: () => Kept,
  ) {}

  /** The record of a peer that has just spoken, to be overwritten; another peer's old one when all K are taken. */
  touch(peer: string): Kept {
    this.clock += 1;
    const row = this.rows.find((known) => known.peer === peer) ?? this.vacancy(peer);
    row.heard = this.clock;
    return row.kept;
  }

  /** Fills `into` with the records that still count, of all peers but one; returns it. */
  others(peer: string, into: Kept[]): Kept[] {
    into.length = 0;
    for (const row of this.rows) if (row.peer !== peer && this.counts(row.heard)) into.push(row.kept);
    return into;
  }

  /** The same of all peers. */
  all(into: Kept[]): Kept[] {
    return this.others('', into);
  }

  forget(peer: string): void {
    const row = this.rows.find((known) => known.peer === peer);
    if (row !== undefined) row.heard = Number.NEGATIVE_INFINITY;
  }

  private counts(heard: number): boolean {
    return this.clock - heard <= this.ageMax;
  }

  private vacancy(peer: string): { peer: string; heard: number; kept: Kept } {
    if (this.rows.length < this.capacity) {
      const row = { peer, heard: this.clock, kept: this.create() };
      this.rows.push(row);
      return row;
    }
    const oldest = this.rows.reduce((first, row) => (row.heard < first.heard ? row : first));
    oldest.peer = peer;
    return oldest;
  }
}
