import type { Context } from '../../kernels/learning/context.ts';
import type { ExpertGains } from '../../kernels/learning/expert-gains.ts';
import type { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import type { Temperature } from '../../kernels/learning/temperature.ts';
import type { PendingWindows } from './pending-windows.ts';

export interface ExpertLearningParts {
  readonly pending: PendingWindows;
  readonly mixture: Mixture;
  readonly calibration: Temperature | null;
  readonly linear: LinearExpert | null;
  readonly context: Context | null;
  /** What is told to other nodes of the experts; null where nothing is. */
  readonly gains: ExpertGains | null;
  readonly classes: number;
  /** What the frozen model says of a window [classes], normalised features in; null where `linear` does not ask. */
  readonly frozen: ((z: Float32Array) => Float32Array) | null;
}

/** What a label teaches at once, without a gradient: whom to believe, how far, and the experts in closed form. */
export class ExpertLearning {
  private readonly mixed: Float32Array;

  constructor(private readonly parts: ExpertLearningParts) {
    this.mixed = new Float32Array(parts.classes);
  }

  /**
   * The label of a window that waits in slot `at`. Everybody is judged by what was said without it.
   *
   * @param z [features] of the window, normalised as at the factory
   */
  learn(at: number, index: number, z: Float32Array, label: number): void {
    const { pending, mixture, calibration, linear, context, gains, classes } = this.parts;
    const said = pending.probabilities(at);
    mixture.combine(said, this.mixed);
    calibration?.learn(this.mixed, label);
    mixture.learn(said, label);
    gains?.learn((place) => mixture.floored(said[place * classes + label]!));
    linear?.learn(z, said, label);
    context?.learn(index, label);
  }

  /**
   * The window in slot `at` was learned as `before` and is of class `label`. What is in closed form is corrected
   * exactly; the weights of the experts keep what the wrong label taught them until they forget it, with about 100
   * labels.
   */
  relabel(at: number, index: number, z: Float32Array, before: number, label: number): void {
    const { pending, linear, context } = this.parts;
    linear?.relabel(z, pending.probabilities(at), before, label);
    context?.learn(index, label);
  }

  /**
   * A label of the factory or of an earlier run: weights come from the snapshot, what is in closed form from the
   * windows themselves.
   *
   * @param times how often it is to count
   */
  restore(z: Float32Array, label: number, times = 1): void {
    const { linear, frozen } = this.parts;
    if (linear === null) return;
    const said = frozen?.(z) ?? this.mixed;
    for (let time = 0; time < times; time++) linear.restore(z, said, label);
  }
}
