import type { Decision, ExpertName } from '../../firmware/pipeline.ts';
import { type CurvePoints, StreamCurve } from './stream-curve.ts';

/** What a curve shows: shares right, weights of the mixture, distance of the stream, anomaly scores, errors. */
export type CurveKind = 'accuracy' | 'weight' | 'drift' | 'score' | 'error';

export interface CurveColumn {
  readonly kind: CurveKind;
  /** Expert, `mixture` or baseline. */
  readonly name: string;
}

/** How right everyone was on one segment of one node. */
export interface SegmentScore {
  readonly segment: string;
  /** Windows before its first one. */
  readonly from: number;
  windows: number;
  scored: number;
  labels: number;
  /** [accuracy columns] windows right. */
  readonly right: number[];
  driftSum: number;
}

export interface NodeCurvesOptions {
  readonly experts: readonly ExpertName[];
  /** Of every baseline that runs; several may have one name. */
  readonly baselines: readonly string[];
  readonly classes: boolean;
  /** Of the first output of a regressor; of an anomaly model. */
  readonly errors: boolean;
  readonly scores: boolean;
  /** Points that a curve may have. */
  readonly points: number;
}

/** What a page shows of one node over its stream: curves, and sums per segment. */
export class NodeCurves {
  readonly columns: readonly CurveColumn[];
  readonly segments: SegmentScore[] = [];
  /** They are the last of the accuracy columns. */
  readonly baselineCount: number;
  private readonly curve: StreamCurve;
  private readonly at: Readonly<Record<CurveKind, number>>;
  private readonly judges: number;

  constructor(private readonly options: NodeCurvesOptions) {
    const { experts, baselines, classes, errors, scores } = options;
    const judges = [...experts, 'mixture', ...baselines];
    const of = (kind: CurveKind, names: readonly string[]): CurveColumn[] => names.map((name) => ({ kind, name }));
    this.columns = [
      ...of('accuracy', classes ? judges : []),
      ...of('weight', experts.length > 1 ? experts : []),
      ...of('drift', ['drift']),
      ...of('score', scores ? ['mixture'] : []),
      ...of('error', errors ? ['mixture'] : []),
    ];
    const first = (kind: CurveKind): number => this.columns.findIndex((column) => column.kind === kind);
    this.at = {
      ...{ accuracy: first('accuracy'), weight: first('weight'), drift: first('drift') },
      ...{ score: first('score'), error: first('error') },
    };
    this.baselineCount = classes ? baselines.length : 0;
    this.judges = classes ? judges.length : 0;
    this.curve = new StreamCurve(this.columns.length, options.points);
  }

  /** A window was decided; what else is known of it follows before the next one. */
  decided({ valid, weights, drift, values }: Decision, segment: string): void {
    const { curve, at } = this;
    let present = this.segments.at(-1);
    if (present?.segment !== segment) {
      const right = new Array<number>(this.judges).fill(0);
      present = { segment, from: curve.windows, windows: 0, scored: 0, labels: 0, right, driftSum: 0 };
      this.segments.push(present);
    }
    curve.next();
    present.windows++;
    present.driftSum += drift;
    if (at.weight >= 0) for (let e = 0; e < weights.length; e++) curve.add(at.weight + e, weights[e]!);
    curve.add(at.drift, drift);
    if (valid && at.score >= 0) curve.add(at.score, values[0]!);
  }

  /** Its truth is known. @param baselines what each baseline had said, in the order of the options */
  scored({ expertLabels, label }: Decision, baselines: readonly number[], truth: number): void {
    if (this.judges === 0) return;
    const { right } = this.segments.at(-1)!;
    const judge = (j: number, said: number): void => {
      if (said === truth) right[j] = right[j]! + 1;
      this.curve.add(this.at.accuracy + j, said === truth ? 1 : 0);
    };
    const { length } = this.options.experts;
    for (let e = 0; e < length; e++) judge(e, expertLabels[e]!);
    judge(length, label);
    for (const [b, said] of baselines.entries()) judge(length + 1 + b, said);
    this.segments.at(-1)!.scored++;
  }

  /** Its target is known. @param error of the mixture's first output */
  missed(error: number): void {
    if (this.at.error >= 0) this.curve.add(this.at.error, Math.abs(error));
  }

  /** Its label was learned. */
  learned(): void {
    this.segments.at(-1)!.labels++;
  }

  points(): CurvePoints {
    return this.curve.points();
  }
}
