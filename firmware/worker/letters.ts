import { CAUSES, type DriftView, NO_DRIFT } from '../../kernels/learning/drift-episodes.ts';
import { GUARD_PHASES } from '../../kernels/learning/slow-change-guard.ts';
import type { Letter, MailboxShape } from '../../kernels/mailbox.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import type { Decision, Observation } from '../pipeline.ts';

/**
 * What the main thread and the compute worker tell each other, one letter each, in the typed slots of a mailbox. All
 * reading and writing of slots is here; nothing else knows where a field lies.
 */
export const TO_WORKER = { label: 1, snapshot: 2, stop: 3, correction: 4, share: 5 } as const;
export const TO_MAIN = { decision: 1, outcome: 2, snapshot: 3, share: 4 } as const;

/** Every result of a label, in the order of their numbers in a letter. */
const RESULTS: readonly Observation['result'][] = ['learned', 'duplicate', 'conflict', 'unknownWindow', 'unknownClass'];

/** Word of the first expert's class in a decision, and number of its threshold. */
const FIRST_LABEL = 5;
const FIRST_THRESHOLD = 12;

/** Sizes that decide how large a letter is. */
export interface LetterSizes {
  readonly classes: number;
  /** Numbers that the mixture, and each expert, gives beside the classes. */
  readonly values: number;
  /** Of an anomaly model: one for each expert and one for the mixture. */
  readonly thresholds: number;
  readonly experts: number;
  readonly features: number;
}

export const sizesOf = (card: ModelCard, experts: number): LetterSizes => ({
  classes: card.labels.length,
  values: card.task === 'regression' ? card.outputs.length : card.task === 'anomaly' ? 1 : 0,
  thresholds: card.task === 'anomaly' ? experts + 1 : 0,
  experts,
  features: card.normalisation.mean.length,
});

export const toWorkerShape = (capacity: number): MailboxShape => ({ capacity, doubles: 1, words: 1, singles: 0 });

/** One shape serves decisions and outcomes; the larger of the two decides. */
export const toMainShape = (capacity: number, { classes, values, experts, features }: LetterSizes): MailboxShape => ({
  capacity,
  doubles: FIRST_THRESHOLD + 1 + experts,
  words: FIRST_LABEL + 1 + experts,
  singles: Math.max(2 + classes + 2 * experts + values * (1 + experts), features),
});

/** A decision as the main thread sees it: the pipeline's, and what is known about its window. Valid until the next. */
export interface DecisionReport extends Omit<Decision, 'rawConfidence'> {
  readonly episodes: { -readonly [Field in keyof DriftView]: DriftView[Field] };
  /** Class of every row of the window where the source knows it, else -1. */
  truth: number;
  /** Time of the window's last sample on the sensor's clock, and when the main thread pushed it. */
  endMs: number;
  pushMs: number;
  /** Samples held over because they were missing. */
  missing: number;
  /** The window's label is asked for. */
  asked: boolean;
  /** Time the worker took for features, inference and mixture. */
  computeUs: number;
}

/** What became of a label. `features` is valid until the next letter. */
export interface OutcomeReport {
  index: number;
  label: number;
  status: Observation['result'];
  slot: number;
  sequence: number;
  features: Float32Array;
  /** What every expert had said about the window when it was decided. */
  expertLabels: Int16Array;
}

/** Facts about a window that travel beside the pipeline's decision. */
export type WindowFacts = Pick<DecisionReport, 'truth' | 'endMs' | 'pushMs' | 'missing' | 'computeUs' | 'asked'>;

export const writeDecision = (letter: Letter, decision: Decision, facts: WindowFacts): void => {
  const { kind, doubles, words, singles } = letter;
  kind[0] = TO_MAIN.decision;
  doubles[0] = decision.index;
  doubles[1] = facts.endMs;
  doubles[2] = facts.pushMs;
  doubles[3] = facts.computeUs;
  doubles[4] = decision.drift;
  doubles[11] = decision.rise;
  for (let e = 0; e < decision.thresholds.length; e++) doubles[FIRST_THRESHOLD + e] = decision.thresholds[e]!;
  const { episodes } = decision;
  doubles[5] = episodes.count;
  doubles[6] = episodes.open ? 1 : 0;
  doubles[7] = CAUSES.indexOf(episodes.cause);
  doubles[8] = episodes.began;
  doubles[9] = episodes.ended;
  doubles[10] = episodes.peak;
  words[0] = (decision.valid ? 1 : 0) + (facts.asked ? 2 : 0);
  words[1] = decision.label;
  words[2] = facts.truth;
  words[3] = facts.missing;
  words[4] = decision.guard === null ? -1 : GUARD_PHASES.indexOf(decision.guard);
  words[FIRST_LABEL + decision.expertLabels.length] = decision.adapter;
  singles[0] = decision.confidence;
  let at = 1;
  for (let k = 0; k < decision.probabilities.length; k++) singles[at++] = decision.probabilities[k]!;
  for (let e = 0; e < decision.expertLabels.length; e++) {
    words[FIRST_LABEL + e] = decision.expertLabels[e]!;
    singles[at++] = decision.expertConfidences[e]!;
    singles[at++] = decision.weights[e]!;
  }
  for (let v = 0; v < decision.values.length; v++) singles[at++] = decision.values[v]!;
  for (let v = 0; v < decision.expertValues.length; v++) singles[at++] = decision.expertValues[v]!;
  singles[at] = decision.labelValue;
};

export const createDecisionReport = ({ classes, values, thresholds, experts }: LetterSizes): DecisionReport => ({
  index: -1,
  valid: false,
  label: -1,
  confidence: 0,
  probabilities: new Float32Array(classes),
  values: new Float32Array(values),
  expertValues: new Float32Array(values * experts),
  expertLabels: new Int16Array(experts),
  expertConfidences: new Float32Array(experts),
  weights: new Float32Array(experts),
  drift: 0,
  thresholds: new Float64Array(thresholds),
  guard: null,
  rise: 0,
  episodes: { ...NO_DRIFT },
  labelValue: 0,
  adapter: 0,
  truth: -1,
  endMs: 0,
  pushMs: 0,
  missing: 0,
  computeUs: 0,
  asked: false,
});

export const readDecision = ({ doubles, words, singles }: Letter, into: DecisionReport): void => {
  into.index = doubles[0]!;
  into.endMs = doubles[1]!;
  into.pushMs = doubles[2]!;
  into.computeUs = doubles[3]!;
  into.drift = doubles[4]!;
  into.rise = doubles[11]!;
  for (let e = 0; e < into.thresholds.length; e++) into.thresholds[e] = doubles[FIRST_THRESHOLD + e]!;
  into.episodes.count = doubles[5]!;
  into.episodes.open = doubles[6] === 1;
  into.episodes.cause = CAUSES[doubles[7]!]!;
  into.episodes.began = doubles[8]!;
  into.episodes.ended = doubles[9]!;
  into.episodes.peak = doubles[10]!;
  into.valid = (words[0]! & 1) !== 0;
  into.asked = (words[0]! & 2) !== 0;
  into.label = words[1]!;
  into.truth = words[2]!;
  into.missing = words[3]!;
  into.guard = GUARD_PHASES[words[4]!] ?? null;
  into.adapter = words[FIRST_LABEL + into.expertLabels.length]!;
  into.confidence = singles[0]!;
  let at = 1;
  for (let k = 0; k < into.probabilities.length; k++) into.probabilities[k] = singles[at++]!;
  for (let e = 0; e < into.expertLabels.length; e++) {
    into.expertLabels[e] = words[FIRST_LABEL + e]!;
    into.expertConfidences[e] = singles[at++]!;
    into.weights[e] = singles[at++]!;
  }
  for (let v = 0; v < into.values.length; v++) into.values[v] = singles[at++]!;
  for (let v = 0; v < into.expertValues.length; v++) into.expertValues[v] = singles[at++]!;
  into.labelValue = singles[at]!;
};

export const writeOutcome = (letter: Letter, index: number, label: number, observation: Observation): void => {
  const { kind, doubles, words, singles } = letter;
  kind[0] = TO_MAIN.outcome;
  doubles[0] = index;
  doubles[1] = observation.sequence;
  words[0] = RESULTS.indexOf(observation.result);
  words[1] = label;
  words[2] = observation.slot;
  if (observation.result !== 'learned') return;
  for (let e = 0; e < observation.expertLabels.length; e++) words[3 + e] = observation.expertLabels[e]!;
  singles.set(observation.features);
};

export const createOutcomeReport = ({ experts, features }: LetterSizes): OutcomeReport => ({
  index: -1,
  label: -1,
  status: 'unknownWindow',
  slot: -1,
  sequence: -1,
  features: new Float32Array(features),
  expertLabels: new Int16Array(experts),
});

export const readOutcome = ({ doubles, words, singles }: Letter, into: OutcomeReport): void => {
  into.index = doubles[0]!;
  into.sequence = doubles[1]!;
  into.status = RESULTS[words[0]!]!;
  into.label = words[1]!;
  into.slot = words[2]!;
  for (let e = 0; e < into.expertLabels.length; e++) into.expertLabels[e] = words[3 + e]!;
  for (let f = 0; f < into.features.length; f++) into.features[f] = singles[f]!;
};
