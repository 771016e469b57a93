import type { FactorCodec } from '../adapters/factor-codec.ts';
import { GradientProgram } from '../gradient/program.ts';
import type { AdapterSet, Interpreter } from '../interpreter.ts';
import type { Random } from '../random.ts';
import type { TfliteModel } from '../tflite/model.ts';
import { Adam } from './adam.ts';
import { ElasticWeights } from './elastic-weights.ts';
import { FrozenPart, frozenPartPays } from './frozen-part.ts';
import type { Loss } from './loss.ts';
import type { LearningOptions } from './options.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import { TrainedFactors } from './trained-factors.ts';

export interface AdapterLearnerOptions {
  readonly model: TfliteModel;
  readonly interpreter: Interpreter;
  readonly adapters: AdapterSet;
  /** Indices of the adapter points to train, in execution order; a gradient must reach them. */
  readonly chain: readonly number[];
  readonly loss: Loss;
  readonly replay: ReplayBuffer;
  /** Writes the model's input for a window of the replay buffer. */
  readonly present: (slot: number) => void;
  readonly random: Random;
  readonly learning: LearningOptions;
  /** Times the learning rate, of A of these adapters; 0, unless told: A is frozen, as where others share it. */
  readonly paceOfA?: number;
  /** Which windows of the replay buffer these adapters learn from; all, unless told otherwise. */
  readonly curriculum?: Curriculum;
  /**
   * Learns the same layers from the same buffer: what only one of two can have is its. Losses of this one set no
   * priorities then, so that the other learns as it would alone.
   */
  readonly beside?: AdapterLearner;
}

export interface LearnerState {
  readonly learned: readonly (Float32Array | Float64Array)[];
  readonly held: readonly (Float32Array | Float64Array | Uint8Array | Int8Array)[];
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
 * Trains B and bias of layers, and A where it is told to, by true gradients of a loss. A step allocates nothing.
 *
 * Factors of fewer than 32 bits are trained as they are stored (quantisation-aware, straight-through: Jacob et al.
 * 2018, §3; Bengio et al. 2013): the engine computes with what storage makes of `parameters`, the gradients taken
 * there move `parameters` themselves, and steps smaller than one of storage add up.
 */
export class AdapterLearner {
  /** What the optimiser moves, in float32: with its moments the whole state. After writing to them, `publish`. */
  readonly parameters: readonly Float32Array[];
  readonly adam: Adam;
  readonly elastic: ElasticWeights;
  readonly program: GradientProgram;
  private readonly trained: TrainedFactors;
  /** The batch: slots of the replay buffer, and what each one's gradient is weighed with. */
  private readonly slots: Int32Array;
  private readonly weights: Float64Array;
  /** Of the step under way: samples taken, and the sum of their losses. */
  private samples = 0;
  private loss = 0;
  /** Null where every window goes through the whole model at every step. */
  readonly frozen: FrozenPart | null;

  constructor(private readonly options: AdapterLearnerOptions) {
    const { model, interpreter, adapters, chain, learning, paceOfA = 0, beside } = options;
    const learnsA = paceOfA > 0;
    const shares = beside === undefined ? {} : { beside: beside.program };
    this.program = new GradientProgram({ model, interpreter, adapters, points: chain, learnsA, ...shares });
    this.trained = new TrainedFactors(this.program.adapters, learning.factorBits);
    const { parameters, gradients } = this.trained;
    this.parameters = parameters;
    this.elastic = new ElasticWeights(parameters, gradients, {
      lambda: learning.lambda,
      decay: learning.fisherDecay,
    });
    this.adam = new Adam(parameters, gradients, this.trained.ratesOf(learning, paceOfA));
    this.publish();
    this.slots = new Int32Array(learning.batch);
    this.weights = new Float64Array(learning.batch);
    const part = { ...options, first: chain[0]! };
    if (beside !== undefined) this.frozen = beside.frozen;
    else this.frozen = frozenPartPays(part) ? new FrozenPart(part) : null;
  }

  /** Whether A is among the parameters. */
  get learnsA(): boolean {
    return (this.options.paceOfA ?? 0) > 0;
  }

  /** How each array of `parameters` is stored. */
  get codecs(): readonly FactorCodec[] {
    return this.trained.codecs;
  }

  /**
   * The whole state: what is learned, and what EWC holds, after writing to which comes `elastic.decode`. Without A it
   * is what it was before A learned.
   */
  stateOf(withA: boolean): LearnerState {
    const { first, second, powers } = this.adam;
    const { fisherRoots, anchorCodes, scales, remaining } = this.elastic;
    const parameters = withA ? this.parameters : this.parameters.slice(0, this.trained.own);
    const end = parameters.reduce((sum, { length }) => sum + length, 0);
    return {
      learned: [...parameters, first.subarray(0, end), second.subarray(0, end), powers],
      held: [
        fisherRoots.subarray(0, end),
        anchorCodes.subarray(0, end),
        scales.subarray(0, 2 * parameters.length),
        remaining,
      ],
    };
  }

  /** Number of trained values. */
  get parameterCount(): number {
    return this.adam.first.length;
  }

  /**
   * One gradient step on the window in `newest` and batch - 1 draws from the replay buffer.
   *
   * @param beta of prioritised replay: how far the draws' weights make up for their priorities, 0 to 1
   * @param pace times the learning rate
   * @returns mean loss of the batch before the step
   */
  step(newest: number, beta: number, pace = 1): number {
    for (;;) {
      const loss = this.advance(newest, beta, pace);
      if (loss !== null) return loss;
    }
  }

  /**
   * One sample's part of such a step, so that a step of a large model can be taken in slices; other things may happen
   * between the parts. `newest` and `beta` count at the first one, `pace` at the last.
   *
   * @returns null, or with the last part, which moves the adapters, the mean loss of the batch
   */
  advance(newest: number, beta: number, pace = 1): number | null {
    const { batch } = this.options.learning;
    if (this.samples === 0) this.draw(newest, beta);
    this.loss += this.accumulate(this.slots[this.samples]!, this.weights[this.samples]!);
    this.samples++;
    if (this.samples < batch) return null;
    const mean = this.loss / batch;
    this.elastic.addGradient(batch);
    this.adam.step(1 / batch, pace);
    this.publish();
    this.samples = 0;
    this.loss = 0;
    return mean;
  }

  /** Whether a step has begun and not ended. */
  get underWay(): boolean {
    return this.samples > 0;
  }

  /** Forgets the parts of a step that has not been completed. */
  abandon(): void {
    if (this.samples === 0) return;
    for (const gradient of this.trained.gradients) gradient.fill(0);
    this.samples = 0;
    this.loss = 0;
  }

  /**
   * Takes a window of the buffer into the importance of every parameter; after the last one parameters are held where
   * they stand. Not while a step is under way.
   *
   * @param at how many windows were taken before; 0 begins anew
   */
  consolidate(at: number): void {
    const { replay } = this.options;
    if (at === 0) this.elastic.begin();
    this.accumulate(replay.slotAt(at), 1);
    this.elastic.observe();
    if (at + 1 >= replay.total) this.elastic.consolidate();
  }

  /** Brings `parameters` into the engine, as storage makes of them. */
  publish(): void {
    this.trained.publish();
  }

  /** One inference of a window of the replay buffer, with these adapters. */
  forward(slot: number): void {
    const { interpreter, adapters, present } = this.options;
    if (this.frozen !== null) {
      this.frozen.invoke(slot, adapters);
      return;
    }
    present(slot);
    interpreter.invoke(adapters);
  }

  /** Chooses the batch: the newest window, and others by priority with their weights. */
  private draw(newest: number, beta: number): void {
    const { replay } = this.options;
    const { slots, weights } = this;
    slots[0] = newest;
    let largest = 0;
    for (let i = 1; i < slots.length; i++) {
      slots[i] = this.drawSuiting(newest, i);
      weights[i] = replay.weightOf(slots[i]!, beta);
      largest = Math.max(largest, weights[i]!);
    }
    weights[0] = 1;
    for (let i = 1; i < slots.length; i++) weights[i] = weights[i]! / largest;
  }

  private drawSuiting(newest: number, turn: number): number {
    const { replay, random, curriculum } = this.options;
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      const slot = replay.draw(random);
      if (curriculum === undefined || curriculum.suits(slot, turn)) return slot;
    }
    return newest;
  }

  /** Adds the gradient of one window, times `weight`. Returns its loss, which becomes its priority. */
  private accumulate(slot: number, weight: number): number {
    this.forward(slot);
    const slopes = this.program.output;
    const loss = this.options.loss.evaluate(slot, slopes);
    if (this.options.beside === undefined) this.options.replay.setLoss(slot, loss);
    this.options.curriculum?.met(slot, loss);
    for (let k = 0; k < slopes.length; k++) slopes[k] = slopes[k]! * weight;
    this.program.run();
    return loss;
  }
}
