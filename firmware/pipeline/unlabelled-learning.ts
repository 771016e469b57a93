import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import type { NormalWindows } from '../../kernels/learning/normal-windows.ts';
import { OnlineQuantile } from '../../kernels/learning/online-quantile.ts';
import { SlowChangeGuard } from '../../kernels/learning/slow-change-guard.ts';
import type { UnlabelledOptions } from '../../kernels/learning/unlabelled-options.ts';
import type { Random } from '../../kernels/random.ts';
import type { Normaliser } from '../../kernels/signal/normalise.ts';
import type { JournalEntry } from '../journal.ts';
import type { Decision } from './contract.ts';
import type { Observation, StepCounts } from './label-learning.ts';
import { LocalAnchor } from './local-anchor.ts';
import type { PendingWindows } from './pending-windows.ts';
import type { StateArray } from './snapshot.ts';
import { ANOMALY, type AnomalyHead, NORMAL } from './tasks/anomaly.ts';

/** Experts of an anomaly model that learns. */
const FROZEN = 0;
const LOCAL = 1;
/** The threshold in force may fall below what was shipped only in what is followed, to this share of it. */
const FOLLOWED_MIN = 0.1;
/** A window is one of the usual ones up to so many times their median score. */
const USUAL_MAX = 2;

export interface UnlabelledParts {
  readonly head: AnomalyHead;
  readonly mixture: Mixture;
  readonly pending: PendingWindows;
  readonly normal: NormalWindows;
  readonly learner: AdapterLearner;
  readonly random: Random;
  readonly normaliser: Normaliser;
  readonly options: UnlabelledOptions;
}

/**
 * An autoencoder follows its machine without labels: windows judged normal are learned, the threshold follows their
 * scores, and a guard that only looks at the frozen model keeps a slow fault from being learned as normal
 * (docs/learning-anomaly.md has the reasons). Allocates nothing after it is made.
 */
export class UnlabelledLearning {
  readonly guard: SlowChangeGuard;
  readonly steps: StepCounts = { taken: 0, dropped: 0 };
  /** Of the local expert, in shipped thresholds. */
  private readonly threshold: OnlineQuantile;
  private readonly anchor: LocalAnchor;
  private readonly shipped: number;
  /** Windows since the last one judged odd, and since the threshold last rose. */
  private readonly counters = new Float64Array(2);
  /** Slot of the normal window that the next step is for; -1 for none. */
  private due = -1;
  private latest = 0;
  private readonly normalised: Float32Array;

  constructor(private readonly parts: UnlabelledParts) {
    const { options, head, learner } = parts;
    this.guard = new SlowChangeGuard(options);
    this.threshold = new OnlineQuantile(options.quantile, options.thresholdRate, 1, Infinity);
    this.anchor = new LocalAnchor(learner);
    this.normalised = new Float32Array(parts.normaliser.size);
    this.shipped = head.thresholds[FROZEN]!;
  }

  /** What a snapshot keeps, beside what the learner and the mixture have. */
  get state(): readonly StateArray[] {
    const { guard, threshold, anchor, parts } = this;
    return [guard.state, guard.level.state, threshold.state, this.counters, ...anchor.kept, parts.random.state];
  }

  get learner(): AdapterLearner {
    return this.parts.learner;
  }

  get owed(): number {
    return this.due < 0 ? 0 : 1;
  }

  /**
   * The mixture's word on a window, from its mixed score: what the frozen model finds odder than the guard lets anybody
   * overrule is odd, whatever was learned.
   *
   * @param scores [experts]
   */
  judge(scores: Float32Array, decision: Decision): void {
    const { head, mixture } = this.parts;
    const { weights } = mixture;
    const threshold = weights[FROZEN]! * head.thresholds[FROZEN]! + weights[LOCAL]! * head.thresholds[LOCAL]!;
    const least = (scores[FROZEN]! / (this.shipped * this.guard.limit)) * threshold;
    head.decide(Math.max(decision.values[0]!, least), threshold, decision);
    for (let k = 0; k < decision.probabilities.length; k++) {
      decision.probabilities[k] = mixture.floored(decision.probabilities[k]!);
    }
  }

  /** After a window was decided and is among the pending ones. @param scores [experts] */
  follow(index: number, scores: Float32Array, label: number): void {
    const { guard, counters, parts } = this;
    const { pending, mixture, options } = parts;
    this.latest = index;
    const frozen = scores[FROZEN]! / this.shipped;
    guard.push(index, frozen);
    counters[0] = label === ANOMALY ? 0 : counters[0]! + 1;
    if (guard.phase === 'asking' || guard.phase === 'held') return;
    if (guard.phase === 'learning' && frozen <= guard.limit) this.followThreshold(scores[LOCAL]! / this.shipped);
    if (counters[0]! <= options.quarantine || index % options.stride !== 0) return;
    const slot = pending.find(index - options.quarantine);
    if (slot < 0 || pending.labelOf(slot) === ANOMALY) return;
    this.take(index - options.quarantine, pending.features(slot));
    // The expert that finds less wrong with what is normal is believed more.
    if (guard.phase === 'learning') mixture.learn(pending.probabilities(slot), NORMAL);
  }

  /** A person's label. Takes the step that is due first: what follows must not depend on when it is taken. */
  labelled(index: number, label: number, said: Said): void {
    this.step();
    if (label === NORMAL) this.labelledNormal(index, said);
    else this.labelledOdd(index, said);
  }

  /** Takes the step that is due, if one is. */
  step(): void {
    while (this.due >= 0) this.advance();
  }

  /** Does one sample's part of it. */
  advance(): void {
    if (this.due < 0 || this.parts.learner.advance(this.due, 1) === null) return;
    this.due = -1;
    this.steps.taken++;
  }

  /** After the snapshot was read: windows labelled normal are learned from again, newer answers are heard again. */
  restore(journal: readonly JournalEntry[], firstUnheard: number): void {
    this.showThreshold();
    for (const { sequence, label, features } of [...journal].sort((a, b) => a.sequence - b.sequence)) {
      if (features.length !== this.normalised.length) continue;
      if (sequence >= firstUnheard) this.labelled(this.latest, label, { features, expertLabels: NOTHING_SAID });
      else if (label === NORMAL) this.parts.normal.add(-1, this.normalise(features), this.parts.random);
    }
  }

  private labelledNormal(index: number, { features }: Said): void {
    const { guard, anchor, parts } = this;
    const again = guard.phase === 'held';
    if (guard.answers(index)) {
      guard.confirm(this.latest);
      anchor.keep();
      if (again) this.due = parts.normal.restart(index, this.normalise(features));
    }
    if (!again) this.take(index, features);
  }

  private labelledOdd(index: number, { expertLabels }: Said): void {
    const { guard, parts } = this;
    parts.normal.forget(index);
    const overruled = expertLabels[FROZEN] === ANOMALY && expertLabels[LOCAL] === NORMAL;
    // A sudden fault in the midst of a slow change is no word about the change.
    const usual = this.frozenScore(index) <= USUAL_MAX * guard.level.value;
    if (overruled || (usual && guard.answers(index))) this.goBack();
  }

  /** What the frozen model had scored a window, in shipped thresholds; as usual where that is not known any more. */
  private frozenScore(index: number): number {
    const slot = this.parts.pending.find(index);
    // The frozen model's odds are its score over the threshold it was shipped with.
    return slot < 0 ? this.guard.level.value : 1 / this.parts.pending.probabilities(slot)[NORMAL]! - 1;
  }

  private normalise(features: Float32Array): Float32Array {
    this.parts.normaliser.apply(features, this.normalised);
    return this.normalised;
  }

  private take(index: number, features: Float32Array): void {
    const { normal, random, options } = this.parts;
    const slot = normal.add(index, this.normalise(features), random);
    if (this.guard.phase === 'learning' && normal.count >= options.batch) this.due = slot;
  }

  /**
   * A quantile of what nobody calls odd would sink, window by window, for want of the upper tail. So everything up to
   * the guard's limit counts here, flagged or not, where what is normal has hardly any tail left; and what faults lie
   * in between move the threshold by one step per burst, while learning is allowed at all.
   */
  private followThreshold(score: number): void {
    const { threshold, counters, guard } = this;
    counters[1] = counters[1]! + 1;
    if (score > threshold.value) {
      if (counters[1]! < this.parts.options.thresholdPause) return;
      counters[1] = 0;
    }
    threshold.push(score);
    threshold.clamp(FOLLOWED_MIN, guard.limit);
    this.showThreshold();
  }

  /** What was shipped is how much its owner wants to hear of: it never becomes less. */
  private showThreshold(): void {
    this.parts.head.thresholds[LOCAL] = this.shipped * Math.max(1, this.threshold.value);
  }

  private goBack(): void {
    this.anchor.goBack();
    this.threshold.reset(1);
    this.showThreshold();
    this.guard.refuse(this.latest);
  }
}

/** What is known about a window that was labelled. */
type Said = Pick<Observation, 'features' | 'expertLabels'>;

const NOTHING_SAID = new Int16Array(0);
