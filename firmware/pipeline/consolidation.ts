import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';

/** A consolidation in slices, of a batch of windows each: as much as a gradient step. Allocates nothing. */
export class Consolidation {
  /** 1 while one is due: state. Its progress is not: after a restart it begins anew. */
  readonly due = new Float64Array(1);
  private taken = 0;

  constructor(private readonly learner: AdapterLearner | null) {}

  /** Slices to take; at least 1 while it is due. */
  get owed(): number {
    return this.due[0] === 0 || this.learner === null ? 0 : Math.max(1, this.learner.consolidationSteps(this.taken));
  }

  /** What is learned by now is to be kept. */
  begin(): void {
    if (this.learner !== null) this.due[0] = 1;
    this.taken = 0;
  }

  step(): void {
    if (this.learner === null) return;
    this.taken = this.learner.consolidate(this.taken);
    if (this.learner.consolidationSteps(this.taken) === 0) this.due[0] = 0;
  }
}
