import { FactorCodec } from '../adapters/factor-codec.ts';
import type { AdapterSet, Interpreter } from '../interpreter.ts';
import type { Random } from '../random.ts';
import { Adam } from './adam.ts';
import { AdapterLayer } from './adapter-layer.ts';
import { FrozenPart, frozenPartPays } from './frozen-part.ts';
import type { Loss } from './loss.ts';
import type { LearningOptions } from './options.ts';
import type { ReplayBuffer } from './replay-buffer.ts';

export interface AdapterLearnerOptions {
  readonly interpreter: Interpreter;
  readonly adapters: AdapterSet;
  /** Indices of the adapter points to train, in execution order; the last one makes what the loss looks at. */
  readonly chain: readonly number[];
  readonly loss: Loss;
  readonly replay: ReplayBuffer;
  /** Writes the model's input for a window of the replay buffer. */
  readonly present: (slot: number) => void;
  readonly random: Random;
  readonly learning: LearningOptions;
  /** Which windows of the replay buffer these adapters learn from; all, unless told otherwise. */
  readonly curriculum?: Curriculum;
}

export interface Curriculum {
  /** Whether the `turn`th draw of a batch, from 1, may be the window in this slot. */
  suits(slot: number, turn: number): boolean;
  /** It was learned from, with this loss before the step. */
  met(slot: number, loss: number): void;
}

/** Draws in search of a window that suits; then the newest one serves again. */
const DRAWS_MAX = 8;

/**
 * Trains B and bias of every dense layer by true gradients of a loss. A step allocates nothing.
 *
 * Factors of fewer than 32 bits are trained as they are stored (quantisation-aware, straight-through: Jacob et al.
 * 2018, §3; Bengio et al. 2013): the engine computes with what storage makes of `parameters`, the gradients taken
 * there move `parameters` themselves, and steps smaller than one of storage add up.
 */
export class AdapterLearner {
  /** What the optimiser moves, in float32: with its moments the whole state. After writing to them, `publish`. */
  readonly parameters: readonly Float32Array[];
  readonly adam: Adam;
  private readonly layers: readonly AdapterLayer[];
  /** What the engine computes with. */
  private readonly factors: readonly Float32Array[];
  private readonly storage: FactorCodec;
  /** [layer] gradient with regard to the layer's output, real units. */
  private readonly upstream: readonly Float64Array[];
  /** Null where every window goes through the whole model at every step. */
  private readonly frozen: FrozenPart | null;

  constructor(private readonly options: AdapterLearnerOptions) {
    const { interpreter, adapters, chain, learning } = options;
    this.layers = chain.map(
      (at) => new AdapterLayer(interpreter.adapterPoints[at]!, adapters.points[at]!, adapters.rank, adapters.scaling),
    );
    this.storage = new FactorCodec(learning.factorBits);
    this.factors = this.layers.flatMap(({ factors }) => [factors.loraB, factors.bias]);
    this.parameters = learning.factorBits === 32 ? this.factors : this.factors.map((values) => values.slice());
    const gradients = this.layers.flatMap((layer) => [layer.loraBGradient, layer.biasGradient]);
    this.adam = new Adam(this.parameters, gradients, learning.learningRate, learning.weightDecay);
    this.upstream = this.layers.map(({ point }) => new Float64Array(point.outFeatures));
    const part = { ...options, first: chain[0]! };
    this.frozen = frozenPartPays(part) ? new FrozenPart(part) : null;
  }

  /** Number of trained values. */
  get parameterCount(): number {
    return this.adam.first.length;
  }

  /**
   * One gradient step on the window in `newest` and batch - 1 draws from the replay buffer.
   *
   * @returns mean loss of the batch before the step
   */
  step(newest: number): number {
    const { learning } = this.options;
    let loss = this.accumulate(newest);
    for (let i = 1; i < learning.batch; i++) loss += this.accumulate(this.draw(newest, i));
    this.adam.step(1 / learning.batch);
    this.publish();
    return loss / learning.batch;
  }

  /** Brings `parameters` into the engine, as storage makes of them. */
  publish(): void {
    for (let k = 0; k < this.factors.length; k++) this.storage.round(this.parameters[k]!, this.factors[k]!);
  }

  private draw(newest: number, turn: number): number {
    const { replay, random, curriculum } = this.options;
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      const slot = replay.draw(random);
      if (curriculum === undefined || curriculum.suits(slot, turn)) return slot;
    }
    return newest;
  }

  /** Adds the gradient of one window. Returns its loss. */
  private accumulate(slot: number): number {
    this.forward(slot);
    const last = this.layers.length - 1;
    const loss = this.options.loss.evaluate(slot, this.upstream[last]!);
    this.options.curriculum?.met(slot, loss);
    for (let l = last; l >= 0; l--) {
      this.layers[l]!.backward(this.upstream[l]!, l === 0 ? null : this.upstream[l - 1]!);
    }
    return loss;
  }

  private forward(slot: number): void {
    const { interpreter, adapters, present } = this.options;
    if (this.frozen !== null) {
      this.frozen.invoke(slot);
      return;
    }
    present(slot);
    interpreter.invoke(adapters);
  }
}
