import type { Layer } from '../../../kernels/quantise/network.ts';
import type { Random } from '../../../kernels/random.ts';
import type { Block, TrainerMemory } from './memory.ts';

/** What passes between layers, for every example of a batch: [examples x columns x channels], columns being moments. */
export interface Signal {
  readonly columns: number;
  readonly channels: number;
}

/** Values that are learned, and their gradient. */
export interface Parameter {
  readonly value: Block;
  readonly gradient: Block;
  /** Weights shrink a little at each step, biases do not. */
  readonly decays: boolean;
}

/** A layer while it is trained, in float32. It owns its output and the gradient of its input. */
export interface TrainedLayer {
  readonly output: Signal;
  readonly parameters: readonly Parameter[];
  /** `x` [examples x input signal], kept until `backward`; returns the output. */
  forward(x: Block, examples: number): Block;
  /**
   * Adds to the gradients of the parameters.
   *
   * @param dy gradient of the output of the latest `forward`; may be overwritten
   * @returns the gradient of the input, null when nobody wants it
   */
  backward(dy: Block, examples: number): Block | null;
  /** As the quantiser takes it. */
  exported(): Layer;
}

/** What a layer is made with. */
export interface Workshop {
  readonly memory: TrainerMemory;
  readonly random: Random;
  /** Examples of a batch at most. */
  readonly batch: number;
}

/** Initial weights: variance 2 / fan-in (He et al. 2015). */
export function initialise(weights: Float32Array, fanIn: number, random: Random): void {
  const deviation = Math.sqrt(2 / fanIn);
  for (let i = 0; i < weights.length; i += 1) weights[i] = deviation * random.normal();
}

export function parameter(memory: TrainerMemory, values: number, decays: boolean): Parameter {
  return { value: memory.allocate(values), gradient: memory.allocate(values), decays };
}
