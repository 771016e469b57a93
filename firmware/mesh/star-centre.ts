import type { CommonAdapter, Update } from '../../protocols/coordinator/contract.ts';
import type { Candidate, Coordinator, CoordinatorState, Judgement } from '../../protocols/coordinator/coordinator.ts';
import type { Share } from '../io/share.ts';
import type { Vitals } from '../vitals.ts';

export interface StarCentrePorts {
  readonly coordinator: Coordinator;
  /** Of the compute worker of the moment; null while there is none. */
  readonly share: () => Share | null;
  /** Resolves when the state survives power loss. */
  readonly save: (state: CoordinatorState) => Promise<void>;
  readonly publish: (adapter: CommonAdapter) => Promise<void>;
  readonly vitals: Pick<Vitals, 'count' | 'set'>;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** How long the broker may take to send what it kept of an earlier life, ms; a whole period if that is shorter. */
export const RECALL_MS_MAX = 1_000;

/** What is counted of an update that was considered, and of one that was not. */
const COUNTED = {
  ...{ taken: 'starTaken', noGain: 'starNoGain', hurts: 'starHurts' },
  ...{ lineage: 'starOtherModel', shape: 'starMisshapen', repeated: 'starRepeated' },
  ...{ unknownBase: 'starUnknownBase', tooFewLabels: 'starTooFewLabels' },
} as const;

/** Runs the coordinator of a star: each version is on disk before it is published. Calls must not overlap. */
export class StarCentre {
  private isUnsaved = false;
  private isUnpublished = false;
  /** From then on what the broker had kept has come; null before the first connection. */
  private recalledMs: number | null = null;

  constructor(private readonly ports: StarCentrePorts) {}

  /** An update, its sender verified. */
  heard(agent: string, update: Update): void {
    const { coordinator, vitals } = this.ports;
    const reason = coordinator.received(agent, update);
    vitals.count(reason === null ? 'starReceived' : COUNTED[reason]);
  }

  /** What an earlier life of this coordinator left at the broker. */
  recalled(adapter: CommonAdapter): void {
    if (!this.ports.coordinator.resume(adapter)) return;
    this.isUnsaved = true;
    this.isUnpublished = true;
  }

  /** @param recallMs until what was kept there has come */
  connected(recallMs: number): void {
    this.recalledMs ??= this.ports.now() + recallMs;
    this.isUnpublished = this.ports.coordinator.state.version > 0;
  }

  async tick(): Promise<void> {
    const { coordinator, now, save, publish, vitals } = this.ports;
    const { state } = coordinator;
    // Whoever has no memory waits for what the broker remembers: it would be pushed out there.
    const isReady = state.version > 0 || (this.recalledMs !== null && now() >= this.recalledMs);
    // Every version is published: who follows them sees each answer.
    if (!this.isUnpublished && coordinator.isDue(now()) && isReady) {
      const round = coordinator.round();
      coordinator.mix(round, await this.judge(round));
      for (const { agent } of round) vitals.count(COUNTED[state.ledgers.get(agent)!.verdict]);
      this.isUnsaved = true;
      this.isUnpublished = true;
    }
    if (this.isUnsaved) await save(state);
    this.isUnsaved = false;
    if (!this.isUnpublished) return;
    this.isUnpublished = false;
    vitals.set('starVersion', state.version);
    await publish(coordinator.adapter);
  }

  private async judge(round: readonly Candidate[]): Promise<Judgement | null> {
    const share = this.ports.share();
    if (share === null || (await share.own()).labels === 0) return null;
    const now = await share.judge(this.ports.coordinator.state.values);
    const alone: number[] = [];
    for (const { values } of round) alone.push(await share.judge(values));
    return { now, alone };
  }
}
