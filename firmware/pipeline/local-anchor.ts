import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';

/** Adapters as a person last found them right, to go back to; at first those that change nothing. */
export class LocalAnchor {
  /** [parameters of the learner]: the whole state. */
  readonly kept: readonly Float32Array[];

  constructor(private readonly learner: AdapterLearner) {
    this.kept = learner.parameters.map((parameters) => parameters.slice());
  }

  keep(): void {
    this.learner.parameters.forEach(this.keepOne);
  }

  /** What was learned since is gone, and so is the momentum with which it was. */
  goBack(): void {
    const { adam, parameters } = this.learner;
    this.learner.abandon();
    parameters.forEach(this.restoreOne);
    adam.first.fill(0);
    adam.second.fill(0);
    adam.powers.fill(1);
    this.learner.publish();
  }

  private readonly keepOne = (parameters: Float32Array, at: number): void => this.kept[at]!.set(parameters);
  private readonly restoreOne = (parameters: Float32Array, at: number): void => parameters.set(this.kept[at]!);
}
