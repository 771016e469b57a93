import type { AdapterSet } from '../../kernels/interpreter.ts';
import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { Loss, Slopes } from '../../kernels/learning/loss.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { Random } from '../../kernels/random.ts';

/** What a node shares of what it learned: a flat vector θ, of parts that a message gives a scale of their own. */
export interface SharedParameters {
  /** D. */
  readonly size: number;
  /** One for each B and each bias of an adapter point, in order, without gaps. */
  readonly parts: readonly { readonly offset: number; readonly length: number }[];
  /** 16 hexadecimal digits of the model, what A was drawn from, and the layout: only equal ones may be mixed. */
  readonly lineage: string;
  /** Copies θ to `out` [D]. */
  read(out: Float64Array): void;
  /** Takes θ from `values` [D], all finite, after mixing; the learner's moments stay. */
  write(values: Float64Array): void;
  /**
   * Mean log-loss, in nats, that θ = `values` [D] has on labelled windows of this node, at most `JUDGED_MAX`; changes
   * nothing. 0 before the first label.
   */
  judge(values: Float64Array): number;
}

/** Windows of the replay buffer, evenly spread over it, that a judgement looks at: as many inferences. */
export const JUDGED_MAX = 64;

export interface SharedExpertParts {
  readonly learner: AdapterLearner;
  readonly adapters: AdapterSet;
  readonly replay: ReplayBuffer;
  /** What the learner draws with. */
  readonly random: Random;
  /** Log-loss without smoothing of what the engine made of a slot. */
  readonly loss: Loss;
  readonly lineage: string;
}

/** A second set of adapters on the same model, that learns from this node's labels and is averaged with its peers'. */
export class SharedExpert implements SharedParameters {
  readonly size: number;
  readonly parts: readonly { readonly offset: number; readonly length: number }[];
  readonly lineage: string;
  readonly adapters: AdapterSet;
  readonly learner: AdapterLearner;
  /** All of it: to be saved, or to be filled before `restored`. */
  readonly state: readonly (Float32Array | Float64Array | Uint32Array)[];
  private readonly kept: Float64Array;
  private readonly slopes: Slopes;

  constructor(private readonly given: SharedExpertParts) {
    const { learner, adapters, replay, random, lineage } = given;
    this.learner = learner;
    this.adapters = adapters;
    this.lineage = lineage;
    this.size = learner.parameterCount;
    let offset = 0;
    this.parts = learner.parameters.map(({ length }) => {
      offset += length;
      return { offset: offset - length, length };
    });
    const { first, second, powers } = learner.adam;
    this.state = [...learner.parameters, first, second, powers, random.state];
    this.kept = new Float64Array(this.size);
    this.slopes = new Float32Array(replay.classes);
  }

  /** `state` was filled. */
  restored(): void {
    this.learner.publish();
  }

  read(out: Float64Array): void {
    let at = 0;
    for (const values of this.learner.parameters) {
      for (let i = 0; i < values.length; i++, at++) out[at] = values[i]!;
    }
  }

  write(values: Float64Array): void {
    let at = 0;
    for (const parameters of this.learner.parameters) {
      for (let i = 0; i < parameters.length; i++, at++) parameters[i] = values[at]!;
    }
    this.learner.publish();
  }

  judge(values: Float64Array): number {
    const { replay, loss } = this.given;
    const judged = Math.min(JUDGED_MAX, replay.count);
    if (judged === 0) return 0;
    this.read(this.kept);
    this.write(values);
    let sum = 0;
    for (let at = 0; at < judged; at++) {
      const slot = replay.slotAt(Math.floor((at * replay.count) / judged));
      this.learner.forward(slot);
      sum += loss.evaluate(slot, this.slopes);
    }
    this.write(this.kept);
    return sum / judged;
  }
}
