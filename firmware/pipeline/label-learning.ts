import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { JournalEntry } from '../journal.ts';
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

/** From a label to its gradient steps: pending window, experts, replay buffer, debt of steps. Allocates nothing. */
export class LabelLearning {
  /** Sequence of the first label whose steps are not all taken: state, refreshed by `settle` before a snapshot. */
  readonly firstUnlearned = new Float64Array(1);
  private readonly debt: LearningDebt;
  /** [replay slots] index of the window that each was given in this run, -1: none. */
  private readonly windowIn: Float64Array;
  private sequence = 0;
  private readonly observation: Observation = {
    result: 'unknownWindow',
    slot: -1,
    sequence: -1,
    features: new Float32Array(0),
    expertLabels: new Int16Array(0),
  };

  constructor(
    private readonly pending: PendingWindows,
    private readonly replay: ReplayBuffer,
    private readonly experts: ExpertLearning,
    /** null: labels are kept and weigh the experts, and no step is taken on them. */
    private readonly learner: AdapterLearner | null,
    stepsPerLabel: number,
  ) {
    this.debt = new LearningDebt(replay.capacity, stepsPerLabel);
    this.windowIn = new Float64Array(replay.capacity).fill(-1);
  }

  get owed(): number {
    return this.debt.owed;
  }

  /** Takes a label in: cheap, the gradient steps are owed. */
  observe(index: number, label: number, correction: boolean): Observation {
    const observation = this.observation;
    const { pending } = this;
    const at = pending.find(index);
    const before = at < 0 ? -1 : pending.labelOf(at);
    observation.result = this.judge(at, label, correction);
    observation.slot = -1;
    observation.sequence = -1;
    if (observation.result !== 'learned') return observation;
    pending.setLabel(at, label);
    observation.features = pending.features(at);
    observation.expertLabels = pending.expertLabels(at);
    if (before < 0) this.experts.learn(at, index, label);
    else this.experts.relabel(at, index, before, label);
    observation.slot = this.keep(index, observation.features, label);
    observation.sequence = this.sequence;
    this.sequence++;
    if (this.learner !== null) this.debt.add(observation.slot);
    return observation;
  }

  /** Pays one owed step, if there is one. */
  step(): void {
    const slot = this.debt.pay();
    if (slot >= 0) this.learner?.step(slot);
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
    const { replay } = this;
    const fits = ({ slot, label, features }: JournalEntry): boolean =>
      slot < replay.capacity && label >= 0 && label < replay.classes && features.length === replay.featureCount;
    const entries = journal.filter(fits).sort((a, b) => a.sequence - b.sequence);
    this.sequence = this.firstUnlearned[0]!;
    for (const { slot, sequence, label, features } of entries) {
      replay.put(slot, features, label);
      this.experts.restore(features, label);
      if (this.learner !== null && sequence >= this.firstUnlearned[0]!) this.debt.add(slot);
    }
    this.sequence = journal.reduce((next, { sequence }) => Math.max(next, sequence + 1), this.sequence);
    return journal.length - entries.length;
  }

  /** A window that is corrected keeps its place in the replay buffer, if it still has one. */
  private keep(index: number, features: Float32Array, label: number): number {
    const kept = this.windowIn.indexOf(index);
    if (kept >= 0) this.replay.put(kept, features, label);
    const slot = kept >= 0 ? kept : this.replay.add(features, label);
    this.windowIn[slot] = index;
    return slot;
  }

  private judge(at: number, label: number, correction: boolean): Observation['result'] {
    if (!(Number.isInteger(label) && label >= 0 && label < this.replay.classes)) return 'unknownClass';
    if (at < 0) return 'unknownWindow';
    const first = this.pending.labelOf(at);
    if (first < 0) return 'learned';
    if (first === label) return 'duplicate';
    return correction ? 'learned' : 'conflict';
  }
}
