import type { DecisionRecord } from '../machines/publisher.ts';
import type { NodeStatus } from '../status.ts';

/** A decision, and when the last sample of its window came in (monotonic ms). */
export interface SeenDecision extends DecisionRecord {
  readonly pushMs: number;
}

/** One of the things that look on while the node works. @param now monotonic ms */
export interface ViewPart {
  decided?(decision: SeenDecision, now: number): void;
  /** About once a second. */
  tick?(status: NodeStatus, now: number): void;
  close?(): Promise<void>;
}
