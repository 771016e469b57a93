import { type DriftView, NO_DRIFT } from '../kernels/learning/drift-episodes.ts';
import { createScoreboard } from '../kernels/learning/scoreboard.ts';
import type { DecisionReport, OutcomeReport } from './worker/letters.ts';

/** Accuracy of one expert, or of the mixture: over the stream and over its second half; null before the first truth. */
export interface Accuracy {
  readonly accuracy: number | null;
  readonly secondHalf: number | null;
}

/** What is known about the run so far. */
export interface Figures {
  readonly windows: number;
  /** Decided windows with too many samples missing. */
  readonly invalid: number;
  /** Windows that never got a decision: lost with a full ring or a failed worker. */
  readonly dropped: number;
  /** Decisions that the broker has acknowledged, and those given up: it was away for longer than the outbox holds. */
  readonly published: number;
  readonly unpublished: number;
  /** Judged windows whose truth is known. */
  readonly scored: number;
  readonly learned: number;
  /** From the start of the process to the first decision; null before it. */
  readonly firstDecisionMs: number | null;
  /** Class index of the latest decision, -1 for none. */
  readonly label: number;
  readonly confidence: number;
  readonly drift: number;
  /** The latest episode of drift. */
  readonly episode: DriftView;
  readonly weights: readonly number[];
  /** `Decision.values` of the latest decision; null when it could not be judged. */
  readonly values: readonly number[] | null;
  /** `Decision.thresholds` of the latest decision. */
  readonly thresholds: readonly number[];
  accuracy(name: string): Accuracy;
}

export interface FiguresCollector extends Figures {
  /** @param now ms since the start of the process */
  decided(report: DecisionReport, now: number): void;
  outcome(report: OutcomeReport): void;
  /** So many decisions reached the broker, or were given up. */
  settled(delivered: boolean, count: number): void;
}

/**
 * Counts and scores. A window is scored when the source of the samples knows the truth; where it never does, when its
 * label comes, by what had been said before. @param remembered decisions kept until their label comes
 */
export const createFigures = (experts: readonly string[], remembered: number): FiguresCollector => {
  const board = createScoreboard(experts);
  const indices = new Float64Array(remembered).fill(-1);
  const labels = new Int16Array(remembered);
  let sourceKnows = false;
  let nextIndex = 0;

  const figures = {
    windows: 0,
    invalid: 0,
    dropped: 0,
    published: 0,
    unpublished: 0,
    learned: 0,
    firstDecisionMs: null as number | null,
    label: -1,
    confidence: 0,
    drift: 0,
    episode: NO_DRIFT,
    weights: experts.map(() => 0),
    values: null as readonly number[] | null,
    thresholds: [] as readonly number[],
    get scored() {
      return board.count;
    },
    decided: (report: DecisionReport, now: number): void => {
      figures.windows++;
      figures.firstDecisionMs ??= now;
      figures.dropped += report.index - nextIndex;
      nextIndex = report.index + 1;
      if (!report.valid) figures.invalid++;
      figures.label = report.label;
      figures.confidence = report.confidence;
      figures.drift = report.drift;
      figures.episode = report.episodes;
      figures.values = report.valid ? Array.from(report.values) : null;
      figures.thresholds = Array.from(report.thresholds);
      for (let e = 0; e < experts.length; e++) figures.weights[e] = report.weights[e]!;
      if (report.truth >= 0) {
        sourceKnows = true;
        if (report.valid) board.add(report.expertLabels, report.label, report.truth);
      }
      const slot = report.index % remembered;
      indices[slot] = report.index;
      labels[slot] = report.label;
    },
    outcome: (report: OutcomeReport): void => {
      if (report.status !== 'learned') return;
      figures.learned++;
      const slot = report.index % remembered;
      if (!sourceKnows && indices[slot] === report.index) board.add(report.expertLabels, labels[slot]!, report.label);
    },
    settled: (delivered: boolean, count: number): void => {
      if (delivered) figures.published += count;
      else figures.unpublished += count;
    },
    accuracy: (name: string): Accuracy =>
      board.count === 0
        ? { accuracy: null, secondHalf: null }
        : { accuracy: board.accuracy(name), secondHalf: board.secondHalf(name) },
  };
  return figures;
};
