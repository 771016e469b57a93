import type { OutputOfCard } from '../../protocols/model-card.ts';
import { digits } from './digits.ts';

/** Errors in the output's own unit: mean of the absolute ones, root of the mean of the squared ones. */
export interface ErrorReport {
  readonly mae: number;
  readonly rmse: number;
}

/** How near a regressor came to the targets of a recording. */
export interface RegressionReport {
  /** The one that the recording's label column holds: the model's first. */
  readonly output: string;
  readonly unit?: string;
  /** Judged windows whose target is known. */
  readonly targets: number;
  /** Every expert, and the mixture; null without a target. */
  readonly experts: Readonly<Record<string, ErrorReport | null>>;
}

/** Sums the errors of every expert and the mixture over windows whose true value is known. */
export class RegressionScore {
  private targets = 0;
  private readonly names: readonly string[];
  private readonly absolute: Float64Array;
  private readonly squared: Float64Array;

  /** @param width outputs of the model */
  constructor(
    experts: readonly string[],
    private readonly width: number,
  ) {
    this.names = [...experts, 'mixture'];
    this.absolute = new Float64Array(this.names.length);
    this.squared = new Float64Array(this.names.length);
  }

  /** @param expertValues [experts × width], values [width] of the mixture */
  add(expertValues: Float32Array, values: Float32Array, target: number): void {
    const last = this.names.length - 1;
    for (let e = 0; e <= last; e++) {
      const error = (e < last ? expertValues[e * this.width]! : values[0]!) - target;
      this.absolute[e] = this.absolute[e]! + Math.abs(error);
      this.squared[e] = this.squared[e]! + error * error;
    }
    this.targets++;
  }

  /** Of several nodes together: windows count alike, wherever they come from. */
  static report(scores: readonly RegressionScore[], { name, unit }: OutputOfCard): RegressionReport {
    const sum = (of: (score: RegressionScore) => number): number => scores.reduce((total, each) => total + of(each), 0);
    const targets = sum((score) => score.targets);
    const experts = scores[0]!.names.map((expert, e): [string, ErrorReport | null] => {
      if (targets === 0) return [expert, null];
      const mae = sum(({ absolute }) => absolute[e]!) / targets;
      const rmse = Math.sqrt(sum(({ squared }) => squared[e]!) / targets);
      return [expert, { mae: digits(mae), rmse: digits(rmse) }];
    });
    return { output: name, ...(unit === undefined ? {} : { unit }), targets, experts: Object.fromEntries(experts) };
  }
}
