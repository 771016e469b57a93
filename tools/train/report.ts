import type { ScalingScore } from './choose-scaling.ts';
import type { ModelKind } from './train-options.ts';

interface CommonReport {
  readonly model: ModelKind;
  readonly windows: number;
  readonly trainingWindows: number;
  readonly heldBackWindows: number;
  readonly unlabelledWindows: number;
  readonly invalidWindows: number;
  readonly labels: readonly string[];
  readonly features: { readonly kind: string; readonly count: number };
  /** Passes over the windows; those of the best validation loss where it was watched. */
  readonly epochs: number;
  readonly parameters: number;
  readonly modelBytes: number;
}

export interface ClassifierReport extends CommonReport {
  readonly task: 'classification';
  /** Every scaling that was tried, the chosen one first; none where nothing is to be chosen. */
  readonly scalings: readonly ScalingScore[];
  /** On the windows held back, by a fit that did not see them. */
  readonly accuracy: { readonly float: number; readonly int8: number };
}

export interface AutoencoderReport extends CommonReport {
  readonly task: 'anomaly';
  /** Windows labelled with anything but `normal`: none was trained on. */
  readonly anomalousWindows: number;
  /** On the windows held back, by a fit that did not see them. */
  readonly anomaly: {
    /** Mean square of what the model does not know of a normal window, in float and as int8. */
    readonly error: { readonly float: number; readonly int8: number };
    readonly quantile: number;
    readonly threshold: number;
    /** Of the held-back normal windows against the anomalous ones; null without any. */
    readonly auc: number | null;
  };
}

export type TrainReport = ClassifierReport | AutoencoderReport;
