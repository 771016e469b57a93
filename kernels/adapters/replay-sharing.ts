/**
 * Every third draw of a batch may be a window of another adapter's: its own stay in the majority and win a conflict.
 */
const FOREIGN_TURN = 3;
/** And one draw always, so that distrust can end. */
const PROBE_TURN = 1;
/** Nats by which the windows of another adapter may be harder than own ones before they contradict those. */
const EXCESS_MAX = 0.35;
/** Of the mean losses, in draws. */
const MEMORY = 200;
/** Pairs of adapters share these entries; two pairs in one entry share an opinion. */
const PAIRS = 256;

/**
 * What adapters learn from each other's labels. Most machine states agree on what a label means, and an adapter that
 * learns from all of them learns faster; some contradict each other, and are what a pool is for. Which it is shows in
 * the loss: windows that contradict stay hard, since an adapter's own are the larger part of its batches.
 */
export class ReplaySharing {
  /** Mean loss on own windows by adapter, and on those of another one by pair, both above 0 once known. */
  readonly arrays: readonly Float32Array[];
  private readonly own: Float32Array;
  private readonly foreign = new Float32Array(PAIRS);

  constructor(adapters: number) {
    this.own = new Float32Array(adapters);
    this.arrays = [this.own, this.foreign];
  }

  /** Whether the `turn`th draw of a batch for adapter `learner` may be a window of `owner`. */
  suits(learner: number, owner: number, turn: number): boolean {
    if (learner === owner || turn === PROBE_TURN) return true;
    return turn % FOREIGN_TURN === 0 && this.foreign[pairOf(learner, owner)]! <= this.own[learner]! + EXCESS_MAX;
  }

  /** The learner met a window of `owner` with this loss. */
  met(learner: number, owner: number, loss: number): void {
    const [list, at] = learner === owner ? [this.own, learner] : [this.foreign, pairOf(learner, owner)];
    const before = list[at]!;
    list[at] = before === 0 ? loss : before + (loss - before) / MEMORY;
  }
}

const pairOf = (learner: number, owner: number): number => (31 * learner + owner) % PAIRS;
