/** A way to decide that is no part of a node: only compared with, on the same windows and the same labels. */
export interface Baseline {
  /** Column in the report. */
  readonly name: string;
  /** Where several of one name differ; the best one is reported. */
  readonly learningRate?: number;
  /** So far; nothing where nothing is sent. */
  readonly bytesSent?: number;
  /** What it says of the window given last; -1 when it says nothing. */
  readonly label: number;
  decide(samples: Float32Array): void;
  /** The label of the window given last was revealed. */
  learn(label: number): void;
}

/** Says the label revealed last: what a stream sorted by class gives away for nothing. */
export class RepeatLast implements Baseline {
  readonly name = 'repeatLast';
  label = -1;

  decide(): void {}

  learn(label: number): void {
    this.label = label;
  }
}
