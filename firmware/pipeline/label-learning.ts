import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { JournalEntry } from '../journal.ts';
import type { AdapterChoice } from './adapter-choice.ts';
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

/** From a label to its gradient steps: pending window, mixture, replay buffer, debt of steps. Allocates nothing. */
export class LabelLearning {
  /** Sequence of the first label whose steps are not all taken: state, refreshed by `settle` before a snapshot. */
  readonly firstUnlearned = new Float64Array(1);
  private readonly debt: LearningDebt;
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
    private readonly mixture: Mixture,
    /** null: labels are kept and weigh the experts, and no step is taken on them. */
    private readonly learner: AdapterLearner | null,
    stepsPerLabel: number,
    /** Of a pool of several adapters: which of them a label teaches. */
    private readonly choice: AdapterChoice | null = null,
  ) {
    this.debt = new LearningDebt(replay.capacity, stepsPerLabel);
  }

  get owed(): number {
    return this.debt.owed;
  }

  /** Takes a label in: cheap, the gradient steps are owed. */
  observe(index: number, label: number): Observation {
    const observation = this.observation;
    const { pending } = this;
    const at = pending.find(index);
    observation.result = this.judge(at, label);
    observation.slot = -1;
    observation.sequence = -1;
    if (observation.result !== 'learned') return observation;
    pending.setLabel(at, label);
    observation.features = pending.features(at);
    observation.expertLabels = pending.expertLabels(at);
    this.mixture.learn(pending.probabilities(at), label);
    observation.slot = this.replay.add(observation.features, label);
    this.choice?.labelled(observation.slot, index);
    observation.sequence = this.sequence;
    this.sequence++;
    if (this.learner !== null) this.debt.add(observation.slot);
    return observation;
  }

  /** Pays one owed step, if there is one. */
  step(): void {
    const slot = this.debt.pay();
    if (slot < 0) return;
    this.choice?.prepare(slot);
    this.learner?.step(slot);
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
      if (sequence < this.firstUnlearned[0]!) continue;
      this.choice?.recalled(slot);
      if (this.learner !== null) this.debt.add(slot);
    }
    this.sequence = journal.reduce((next, { sequence }) => Math.max(next, sequence + 1), this.sequence);
    return journal.length - entries.length;
  }

  private judge(at: number, label: number): Observation['result'] {
    if (!(Number.isInteger(label) && label >= 0 && label < this.replay.classes)) return 'unknownClass';
    if (at < 0) return 'unknownWindow';
    const first = this.pending.labelOf(at);
    if (first < 0) return 'learned';
    return first === label ? 'duplicate' : 'conflict';
  }
}
