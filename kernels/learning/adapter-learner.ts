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
}

/** Trains B and bias of every dense layer by true gradients of a loss. A step allocates nothing. */
export class AdapterLearner {
  readonly parameters: readonly Float32Array[];
  readonly adam: Adam;
  private readonly layers: readonly AdapterLayer[];
  /** [layer] gradient with regard to the layer's output, real units. */
  private readonly upstream: readonly Float64Array[];
  /** Null where every window goes through the whole model at every step. */
  private readonly frozen: FrozenPart | null;

  constructor(private readonly options: AdapterLearnerOptions) {
    const { interpreter, adapters, chain, learning } = options;
    this.layers = chain.map(
      (at) => new AdapterLayer(interpreter.adapterPoints[at]!, adapters.points[at]!, adapters.rank, adapters.scaling),
    );
    this.parameters = this.layers.flatMap(({ factors }) => [factors.loraB, factors.bias]);
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
    const { replay, random, learning } = this.options;
    let loss = this.accumulate(newest);
    for (let i = 1; i < learning.batch; i++) loss += this.accumulate(replay.draw(random));
    this.adam.step(1 / learning.batch);
    return loss / learning.batch;
  }

  /** Adds the gradient of one window. Returns its loss. */
  private accumulate(slot: number): number {
    this.forward(slot);
    const last = this.layers.length - 1;
    const loss = this.options.loss.evaluate(slot, this.upstream[last]!);
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
