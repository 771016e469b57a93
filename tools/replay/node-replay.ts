import type { RecordingNode } from '../../firmware/io/recording.ts';
import type { Decision, Observation, Pipeline } from '../../firmware/pipeline.ts';
import type { Reveal } from '../../firmware/reveal.ts';
import { AskThreshold } from '../../kernels/learning/ask-threshold.ts';
import { createScoreboard, type Scoreboard } from '../../kernels/learning/scoreboard.ts';
import { createWindower, type Windower } from '../../kernels/signal/windower.ts';
import { AnomalyScore } from './anomaly-score.ts';
import type { Baseline } from './baseline.ts';
import { CalibrationScore } from './calibration-score.ts';
import { DriftLog } from './drift-log.ts';
import { NodeCurves } from './node-curves.ts';
import { RegressionScore } from './regression-score.ts';

export interface NodeReplayOptions {
  readonly rows: RecordingNode;
  /** Model class of each label of the recording, -1 when the model does not know it. */
  readonly classes: readonly number[];
  readonly pipeline: Pipeline;
  /** Which labels are revealed: drawn at random, or those of the windows that a node asks about, at this rate. */
  readonly reveal: Reveal | { readonly askRate: number };
  readonly baselines: readonly Baseline[];
  /** Points of each curve over the stream; 0: none is kept. */
  readonly curvePoints: number;
}

/** One node of a recording going through the node's own pipeline, a window at a time. */
export class NodeReplay {
  readonly node: string;
  readonly pipeline: Pipeline;
  /** Experts and the mixture; each baseline is a mixture of its own board. */
  readonly scoreboard: Scoreboard;
  readonly baselines: readonly { baseline: Baseline; scoreboard: Scoreboard }[];
  /** Of a model that measures, or that tells the normal from the rest. */
  readonly regression: RegressionScore | null;
  readonly anomaly: AnomalyScore | null;
  readonly calibration = new CalibrationScore();
  /** For a page; null where nobody asked. */
  readonly curves: NodeCurves | null;
  readonly drifts = new DriftLog();
  windows = 0;
  /** Labels revealed and learned. */
  labels = 0;
  /** Windows without a judgement, since too much was missing. */
  invalid = 0;
  /** Windows with a label that the model does not know. */
  unknown = 0;
  private row = 0;
  private readonly threshold = new AskThreshold();
  private readonly channels: number;
  private readonly windower: Windower;

  constructor(private readonly options: NodeReplayOptions) {
    const { card, experts } = options.pipeline;
    this.node = options.rows.node;
    this.pipeline = options.pipeline;
    this.channels = card.channels.length;
    this.windower = createWindower({ channels: this.channels, window: card.window, stride: card.stride });
    this.scoreboard = createScoreboard(experts);
    this.regression = card.task === 'regression' ? new RegressionScore(experts, card.outputs.length) : null;
    this.anomaly = card.task === 'anomaly' ? new AnomalyScore(this.node) : null;
    this.baselines = options.baselines.map((baseline) => ({ baseline, scoreboard: createScoreboard([]) }));
    this.curves = options.curvePoints === 0 ? null : this.createCurves();
  }

  /** Plays rows up to the next complete window and through it. False at the end of the recording. */
  advance(): boolean {
    const { rows, values, segment, label, tMs } = this.options.rows;
    while (this.row < rows) {
      const row = this.row++;
      if (this.windower.push(values, row * this.channels, segment[row]!, label[row]!, tMs[row]!)) {
        this.playWindow(row);
        return true;
      }
    }
    return false;
  }

  /** Predict first, learn after; what a label owes is paid before the next window, as `run` does with a recording. */
  private playWindow(lastRow: number): void {
    const { pipeline, classes, reveal } = this.options;
    const { windower } = this;
    const decision = pipeline.decide(windower);
    // The end of an episode has its own debts, which come before the window's label.
    while (pipeline.owed > 0) pipeline.step();
    this.drifts.look(decision);
    const truth = windower.truth < 0 ? -1 : classes[windower.truth]!;
    this.windows++;
    if (!decision.valid) this.invalid++;
    if (windower.truth >= 0 && truth < 0) this.unknown++;
    this.curves?.decided(decision, this.options.rows.segments[this.options.rows.segment[lastRow]!]!);
    for (const { baseline } of this.baselines) if (decision.valid) baseline.decide(windower.samples);
    if (decision.valid) this.measure(decision, lastRow, truth);
    if (truth < 0) return;
    if (decision.valid) this.score(decision, truth);
    // A label is drawn for every labelled window, also one that could not be judged: `run` cannot know either.
    const revealed = 'next' in reveal ? reveal.next() : decision.valid && this.asks(decision, reveal.askRate);
    if (!revealed) return;
    const observation = pipeline.observe(windower.index, truth);
    while (pipeline.owed > 0) pipeline.step();
    this.learn(observation, truth);
  }

  private asks({ labelValue }: Decision, rate: number): boolean {
    return this.threshold.asks(labelValue, rate);
  }

  /** The target of a window is that of its last row. */
  private measure({ values, expertValues, label }: Decision, lastRow: number, truth: number): void {
    const { segment, segments, target } = this.options.rows;
    const value = target?.[lastRow] ?? Number.NaN;
    if (!Number.isNaN(value)) this.regression?.add(expertValues, values, value);
    this.curves?.missed(values[0]! - value);
    this.anomaly?.add(segments[segment[lastRow]!]!, values[0]!, label, truth);
  }

  private score(decision: Decision, truth: number): void {
    this.scoreboard.add(decision.expertLabels, decision.label, truth);
    this.calibration.add(decision.rawConfidence, decision.confidence, decision.label === truth);
    for (const { baseline, scoreboard } of this.baselines) scoreboard.add([], baseline.label, truth);
    const said = this.curves === null ? [] : this.baselines.map(({ baseline }) => baseline.label);
    this.curves?.scored(decision, said, truth);
  }

  private learn(observation: Observation, truth: number): void {
    if (observation.result !== 'learned') return;
    this.labels++;
    this.curves?.learned();
    for (const { baseline } of this.baselines) baseline.learn(truth);
  }

  private createCurves(): NodeCurves {
    const { pipeline, baselines, curvePoints } = this.options;
    const { task } = pipeline.card;
    return new NodeCurves({
      ...{ experts: pipeline.experts, baselines: baselines.map(({ name }) => name), points: curvePoints },
      ...{ classes: task !== 'regression', errors: task === 'regression', scores: task === 'anomaly' },
    });
  }
}
