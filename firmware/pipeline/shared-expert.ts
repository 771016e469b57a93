import type { AdapterSet } from '../../kernels/interpreter.ts';
import type { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { ExpertGains } from '../../kernels/learning/expert-gains.ts';
import type { Loss, Slopes } from '../../kernels/learning/loss.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { Random } from '../../kernels/random.ts';

/** What a node shares of what it learned: a flat vector θ, of parts that a message gives a scale of their own. */
export interface SharedParameters {
  /** D. */
  readonly size: number;
  /** One for each B and each bias of an adapter point, in order, then one for the experts' gains; without gaps. */
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
  /** How good each expert is to the fleet, and where that counts: in a prior that is this one without it. */
  readonly gains: ExpertGains;
  readonly mixture: Mixture;
  readonly prior: readonly number[];
}

/** A second set of adapters on the same model, that learns from this node's labels and is averaged with its peers'. */
export class SharedExpert implements SharedParameters {
  readonly size: number;
  readonly parts: readonly { readonly offset: number; readonly length: number }[];
  readonly lineage: string;
  readonly adapters: AdapterSet;
  readonly learner: AdapterLearner;
  readonly gains: ExpertGains;
  /** All of it: to be saved, or to be filled before `restored`. */
  readonly state: readonly (Float32Array | Float64Array | Uint32Array)[];
  private readonly kept: Float64Array;
  private readonly leaned: Float64Array;
  private readonly slopes: Slopes;

  constructor(private readonly given: SharedExpertParts) {
    const { learner, adapters, replay, random, lineage, gains, mixture, prior } = given;
    this.learner = learner;
    this.adapters = adapters;
    this.lineage = lineage;
    this.gains = gains;
    this.size = learner.parameterCount + gains.fleet.length;
    let offset = 0;
    this.parts = [...learner.parameters, gains.fleet].map(({ length }) => {
      offset += length;
      return { offset: offset - length, length };
    });
    const { first, second, powers } = learner.adam;
    const { own, fleet, weight } = gains;
    this.state = [...learner.parameters, first, second, powers, random.state, own, fleet, weight, mixture.prior];
    this.kept = new Float64Array(learner.parameterCount);
    this.leaned = new Float64Array(prior.length);
    this.slopes = new Float32Array(replay.classes);
  }

  /** `state` was filled. */
  restored(): void {
    this.learner.publish();
  }

  read(out: Float64Array): void {
    this.unload(out);
    out.set(this.gains.fleet, this.learner.parameterCount);
  }

  write(values: Float64Array): void {
    const { gains, mixture, prior } = this.given;
    this.load(values);
    for (let e = 0; e < gains.fleet.length; e++) gains.fleet[e] = values[this.learner.parameterCount + e]!;
    gains.lean(prior, this.leaned);
    mixture.reprior(this.leaned);
  }

  judge(values: Float64Array): number {
    const { replay, loss } = this.given;
    const judged = Math.min(JUDGED_MAX, replay.count);
    if (judged === 0) return 0;
    this.unload(this.kept);
    this.load(values);
    let sum = 0;
    for (let at = 0; at < judged; at++) {
      const slot = replay.slotAt(Math.floor((at * replay.count) / judged));
      this.learner.forward(slot);
      sum += loss.evaluate(slot, this.slopes);
    }
    this.load(this.kept);
    return sum / judged;
  }

  /** Of the adapters alone. */
  private unload(out: Float64Array): void {
    let at = 0;
    for (const parameters of this.learner.parameters) {
      for (let i = 0; i < parameters.length; i++, at++) out[at] = parameters[i]!;
    }
  }

  private load(values: Float64Array): void {
    let at = 0;
    for (const parameters of this.learner.parameters) {
      for (let i = 0; i < parameters.length; i++, at++) parameters[i] = values[at]!;
    }
    this.learner.publish();
  }
}
