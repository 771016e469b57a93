import { HarmTest, type HarmTestOptions } from './harm-test.ts';
import type { Conduct } from './reputation.ts';

/** What a node has learned of one peer. */
export interface Standing {
  agreement: number;
  refusals: number;
  readonly test: HarmTest;
}

/** The same as it is kept over a restart. */
export interface KeptStanding {
  readonly peer: string;
  /** 0 … 1 */
  readonly agreement: number;
  /** >= 0 */
  readonly refusals: number;
  /** Logarithm of the stake of its test, >= 0. */
  readonly evidence: number;
  readonly quarantined: boolean;
}

/** The conduct of peers; the one heard longest ago is forgotten. */
export class Standings {
  private readonly standings = new Map<string, Standing>();

  /** @param remembered peers, >= 1 */
  constructor(
    private readonly remembered: number,
    private readonly harmTest: HarmTestOptions,
  ) {}

  /** The record of a peer, moved to the end of the line to be forgotten. */
  of(peer: string): Standing {
    const standing = this.standings.get(peer) ?? { agreement: 1, refusals: 0, test: new HarmTest(this.harmTest) };
    this.standings.delete(peer);
    this.standings.set(peer, standing);
    if (this.standings.size > this.remembered) {
      for (const oldest of this.standings.keys()) {
        this.standings.delete(oldest);
        break;
      }
    }
    return standing;
  }

  /** What is known of a peer; one never heard of has a clean record. */
  conductOf(peer: string): Conduct {
    const standing = this.standings.get(peer);
    if (standing === undefined) return { agreement: 1, refusals: 0, harm: 0, quarantined: false };
    const { agreement, refusals, test } = standing;
    return { agreement, refusals, harm: test.evidence / this.harmTest.evidenceMax, quarantined: test.quarantined };
  }

  /** Peers in quarantine. */
  quarantined(): string[] {
    return [...this.standings].filter(([, { test }]) => test.quarantined).map(([peer]) => peer);
  }

  /** The peer heard longest ago first. */
  save(): readonly KeptStanding[] {
    return [...this.standings].map(([peer, { agreement, refusals, test }]) => {
      return { peer, agreement, refusals, evidence: test.evidence, quarantined: test.quarantined };
    });
  }

  restore(kept: readonly KeptStanding[]): void {
    for (const { peer, agreement, refusals, evidence, quarantined } of kept) {
      const standing = this.of(peer);
      standing.agreement = agreement;
      standing.refusals = refusals;
      standing.test.evidence = evidence;
      standing.test.quarantined = quarantined;
    }
  }
}
