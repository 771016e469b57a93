import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';

/** A consolidation, a window of the replay buffer at a time; a batch of them is as much as a gradient step. */
export class Consolidation {
  /** 1 while one is due: state. Its progress is not: after a restart it begins anew. */
  readonly due = new Float64Array(1);
  private taken = 0;

  constructor(
    private readonly learner: AdapterLearner | null,
    private readonly replay: ReplayBuffer,
    private readonly batch: number,
  ) {}

  /** In gradient steps' worth of work; at least 1 while one is due. */
  get owed(): number {
    return this.due[0] === 0 ? 0 : Math.max(1, Math.ceil((this.replay.total - this.taken) / this.batch));
  }

  /** What is learned by now is to be kept. */
  begin(): void {
    if (this.learner === null || this.replay.total === 0) return;
    this.due[0] = 1;
    this.taken = 0;
  }

  /** Takes one window; true when as much as a step has been done. */
  advance(): boolean {
    this.learner?.consolidate(this.taken);
    this.taken++;
    const done = this.taken >= this.replay.total;
    if (done) this.due[0] = 0;
    return done || this.taken % this.batch === 0;
  }
}
