/** Under this name peers are counted that there is no room for. No peer has it: names of peers hold a `/`. */
const OTHERS = 'others';

/** Refused messages, by reason and by peer. Reasons are of a closed list, peers are bounded. */
export class RefusalCounts<Reason extends string> {
  private readonly reasons = new Map<Reason, number>();
  private readonly peers = new Map<string, Map<Reason, number>>();
  private readonly peersMax: number;

  constructor(peersMax: number) {
    this.peersMax = peersMax;
  }

  /** @param peer `<site>/<name>`; null when nobody that is known can be blamed */
  count(peer: string | null, reason: Reason): void {
    raise(this.reasons, reason);
    raise(this.of(peer ?? OTHERS), reason);
  }

  byReason(): Readonly<Partial<Record<Reason, number>>> {
    return objectOf(this.reasons);
  }

  byPeer(): Readonly<Record<string, Readonly<Partial<Record<Reason, number>>>>> {
    return Object.fromEntries([...this.peers].map(([peer, reasons]) => [peer, objectOf(reasons)]));
  }

  private of(peer: string): Map<Reason, number> {
    const known = this.peers.get(peer);
    if (known !== undefined) return known;
    if (peer !== OTHERS && this.peers.size >= this.peersMax) return this.of(OTHERS);
    const made = new Map<Reason, number>();
    this.peers.set(peer, made);
    return made;
  }
}

function raise<Reason extends string>(counts: Map<Reason, number>, reason: Reason): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

function objectOf<Reason extends string>(counts: ReadonlyMap<Reason, number>): Partial<Record<Reason, number>> {
  return Object.fromEntries(counts) as Partial<Record<Reason, number>>;
}
