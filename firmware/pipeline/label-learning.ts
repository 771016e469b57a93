import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { DriftEpisodes } from '../../kernels/learning/drift-episodes.ts';
import type { LearningOptions } from '../../kernels/learning/options.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { Normaliser } from '../../kernels/signal/normalise.ts';
import type { JournalEntry } from '../journal.ts';
import type { AdapterChoice } from './adapter-choice.ts';
import { Consolidation } from './consolidation.ts';
import type { ExpertLearning } from './expert-learning.ts';
import { LearningDebt } from './learning-debt.ts';
import type { PendingWindows } from './pending-windows.ts';

/** What became of a label. The same object at every call. */
export interface Observation {
  /** Only `learned` labels change anything; `conflict` is a second, different label for one window. */
  result: 'learned' | 'duplicate' | 'conflict' | 'unknownWindow' | 'unknownClass';
  /** Place in the replay buffer and number of the label; -1 unless learned. */
  slot: number;
  sequence: number;
  /** [features], raw; a view, valid until the window is overwritten in the ring of pending windows. */
  features: Float32Array;
  /** [experts], what each had said when the window was decided. */
  expertLabels: Int16Array;
}

export interface LabelLearningParts {
  readonly pending: PendingWindows;
  readonly replay: ReplayBuffer;
  readonly judges: ExpertLearning;
  /** null: labels are kept and weigh the experts, and no step is taken on them. */
  readonly learner: AdapterLearner | null;
  /** Takes a step after each of `learner`, on a batch of its own; null without one. */
  readonly shared: AdapterLearner | null;
  /** Of a pool of several adapters: which of them a label teaches. */
  readonly choice: AdapterChoice | null;
  readonly normaliser: Normaliser;
  readonly episodes: DriftEpisodes;
  readonly how: LearningOptions;
}

/** Gradient steps since the start. The same object at every look. */
export interface StepCounts {
  taken: number;
  /** Given up, since more labels waited for theirs than there is room for. */
  dropped: number;
}

/** From a label to its gradient steps: pending window, experts, replay buffer, debt of steps. Allocates nothing. */
export class LabelLearning {
  /** Sequence of the first label whose steps are not all taken: state, refreshed by `settle` before a snapshot. */
  readonly firstUnlearned = new Float64Array(1);
  readonly consolidation: Consolidation;
  private readonly debt: LearningDebt;
  private readonly normalised: Float32Array;
  /** [replay slots] index of the window that each was given in this run, -1: none. */
  private readonly windowIn: Float64Array;
  private sequence = 0;
  /** Slot whose step is under way. */
  private begun = -1;
  /** `learner` has taken it, and `shared` has not. */
  private half = false;
  private readonly counts: StepCounts = { taken: 0, dropped: 0 };
  private readonly observation: Observation = {
    result: 'unknownWindow',
    slot: -1,
    sequence: -1,
    features: new Float32Array(0),
    expertLabels: new Int16Array(0),
  };

  constructor(private readonly parts: LabelLearningParts) {
    const { replay, learner, normaliser, how } = parts;
    this.debt = new LearningDebt(replay.capacity, how.stepsPerLabel);
    this.consolidation = new Consolidation(learner, replay, how.batch);
    this.normalised = new Float32Array(normaliser.size);
    this.windowIn = new Float64Array(replay.capacity).fill(-1);
  }

  get owed(): number {
    return this.consolidation.owed + this.debt.owed;
  }

  /** Since the start of the state. */
  get labels(): number {
    return this.sequence;
  }

  get steps(): StepCounts {
    this.counts.dropped = this.debt.dropped;
    return this.counts;
  }

  /**
   * Takes a label in: cheap, the gradient steps are owed.
   *
   * @param correction whether it takes the place of another label of the window
   */
  observe(index: number, label: number, correction: boolean): Observation {
    const observation = this.observation;
    const { pending, judges, episodes, normaliser, learner, choice } = this.parts;
    const at = pending.find(index);
    const before = at < 0 ? -1 : pending.labelOf(at);
    observation.result = this.judge(at, label, correction);
    observation.slot = -1;
    observation.sequence = -1;
    if (observation.result !== 'learned') return observation;
    pending.setLabel(at, label);
    observation.features = pending.features(at);
    observation.expertLabels = pending.expertLabels(at);
    normaliser.apply(observation.features, this.normalised);
    if (before < 0) {
      judges.learn(at, index, this.normalised, label);
      episodes.label(pending.decided(at) !== label);
    } else judges.relabel(at, index, this.normalised, before, label);
    observation.slot = this.keep(index, label);
    choice?.labelled(observation.slot, index);
    observation.sequence = this.sequence;
    this.sequence++;
    if (learner !== null) this.debt.add(observation.slot);
    return observation;
  }

  /** Pays one owed step, if there is one, or what is left of it. */
  step(): void {
    while (this.owed > 0 && !this.advance());
  }

  /**
   * Does one sample's part of the step due, if there is one; true when that completed it. A consolidation comes before
   * further steps: what it keeps is what the episode has led to.
   */
  advance(): boolean {
    const { learner, shared } = this.parts;
    // Without a learner there are no debts.
    if (learner === null) return false;
    if (this.consolidation.owed > 0 && !learner.underWay) return this.consolidation.advance();
    const slot = this.debt.next;
    // A label's steps may have been forgiven in the middle of one.
    if (slot !== this.begun) this.abandon();
    this.begun = slot;
    if (slot < 0) return false;
    if (!this.half) {
      if (!this.advanceLocal(learner, slot)) return false;
      this.half = shared !== null;
      if (this.half) return false;
    } else if (shared?.advance(slot, this.beta, this.pace) === null) return false;
    this.half = false;
    this.debt.pay();
    this.counts.taken++;
    return true;
  }

  private advanceLocal(learner: AdapterLearner, slot: number): boolean {
    const { choice } = this.parts;
    // Since the part before, another adapter may have decided a window.
    choice?.prepare(slot);
    if (learner.advance(slot, this.beta, this.pace) === null) return false;
    choice?.stepped();
    return true;
  }

  private abandon(): void {
    this.parts.learner?.abandon();
    this.parts.shared?.abandon();
    this.half = false;
  }

  private get pace(): number {
    const { episodes, how } = this.parts;
    return episodes.open || !how.driftSteers ? 1 : how.quietPace;
  }

  /** An episode of drift has ended. */
  rested(): void {
    if (this.parts.how.driftSteers) this.consolidation.begin();
  }

  /** β of prioritised replay, annealed over the labels so far. */
  private get beta(): number {
    const { priorityBeta, priorityLabels } = this.parts.how;
    return Math.min(1, priorityBeta + ((1 - priorityBeta) * this.sequence) / priorityLabels);
  }

  settle(): void {
    this.firstUnlearned[0] = this.sequence - this.debt.labelsOwed;
  }

  /**
   * Fills the replay buffer from the journal; labels from `firstUnlearned` on owe their steps again.
   *
   * @returns entries left out because they do not fit this model or this buffer
   */
  restore(journal: readonly JournalEntry[]): number {
    const { replay, judges, normaliser, learner, choice } = this.parts;
    const fits = ({ slot, label, features }: JournalEntry): boolean =>
      slot < replay.capacity && label >= 0 && label < replay.classes && features.length === replay.featureCount;
    const entries = journal.filter(fits).sort((a, b) => a.sequence - b.sequence);
    this.sequence = this.firstUnlearned[0]!;
    replay.reprioritise();
    learner?.elastic.decode();
    for (const { slot, sequence, label, features } of entries) {
      normaliser.apply(features, this.normalised);
      judges.restore(this.normalised, label);
      // What the snapshot knows of the slot is about this window, unless it came later.
      if (sequence < this.firstUnlearned[0]!) {
        replay.put(slot, this.normalised, label, replay.priorities[slot]);
        continue;
      }
      replay.put(slot, this.normalised, label);
      choice?.recalled(slot);
      if (learner !== null) this.debt.add(slot);
    }
    this.sequence = journal.reduce((next, { sequence }) => Math.max(next, sequence + 1), this.sequence);
    return journal.length - entries.length;
  }

  /** Stores `normalised`; a window that is corrected keeps its place, if it still has one. */
  private keep(index: number, label: number): number {
    const { replay } = this.parts;
    const kept = this.windowIn.indexOf(index);
    if (kept >= 0) replay.put(kept, this.normalised, label);
    const slot = kept >= 0 ? kept : replay.add(this.normalised, label);
    this.windowIn[slot] = index;
    return slot;
  }

  private judge(at: number, label: number, correction: boolean): Observation['result'] {
    if (!(Number.isInteger(label) && label >= 0 && label < this.parts.replay.classes)) return 'unknownClass';
    if (at < 0) return 'unknownWindow';
    const first = this.parts.pending.labelOf(at);
    if (first < 0) return 'learned';
    if (first === label) return 'duplicate';
    return correction ? 'learned' : 'conflict';
  }
}
