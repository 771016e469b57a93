import { setImmediate } from 'node:timers/promises';
import { cos } from '../../../kernels/math/cos.ts';
import type { Layer } from '../../../kernels/quantise/network.ts';
import { createRandom } from '../../../kernels/random.ts';
import { shuffled } from '../shuffle.ts';
import { ScheduledAdam } from './adam.ts';
import { type Augmentation, Augmenter } from './augment.ts';
import { WeightAverage } from './average.ts';
import type { Signal } from './layer.ts';
import { type Block, TrainerMemory } from './memory.ts';
import type { Objective } from './objective.ts';
import { build, type Step } from './plan.ts';

/** Examples [rows x columns x channels] and what is wanted of them. */
export interface Examples {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly objective: Objective;
  /** How many of them, drawn anew each time, one epoch is; all when absent. */
  readonly perEpoch?: number;
}

export interface FitPlan {
  readonly plan: readonly Step[];
  readonly input: Signal;
  /** Passes over the training examples that the learning rate's schedule is laid out for. */
  readonly epochs: number;
  /** Passes after which to stop; `epochs` when absent. */
  readonly stopAfter?: number;
  readonly learningRate: number;
  /** Decoupled, relative to the learning rate. */
  readonly weightDecay: number;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Called after each epoch with its number from 1. */
  readonly onEpoch?: (epoch: number) => void;
}

export interface Fitted {
  readonly layers: readonly Layer[];
  /** The epoch whose weights these are. */
  readonly epochs: number;
  /** Mean validation loss of those weights; null without validation. */
  readonly loss: number | null;
}

const BATCH = 64;
/** The rate rises over this share of the first epochs and falls along half a cosine to nothing. */
const WARM_UP = 0.05;
/** The average of the weights over so many epochs is what is validated and returned. */
const AVERAGED_EPOCHS = 3;
/** Without a better validation loss for this share of the epochs the rest is not worth its time. */
const PATIENCE = 0.34;

/**
 * Fits a network by Adam. With validation examples the weights of the epoch with the smallest validation loss are
 * returned, and epochs that do not promise a smaller one are left out (early stopping, Prechelt 1998). The same input
 * and seed give the same weights on every machine.
 */
export async function fit(plan: FitPlan, training: Examples, validation: Examples | null): Promise<Fitted> {
  const random = createRandom(plan.seed, 'fit');
  const memory = new TrainerMemory();
  const layers = build(plan.plan, plan.input, { memory, random, batch: BATCH });
  const parameters = layers.flatMap((layer) => layer.parameters);
  const size = plan.input.columns * plan.input.channels;
  const x = memory.allocate(BATCH * size);
  const output = layers.at(-1)!.output;
  const dy = memory.allocate(BATCH * output.columns * output.channels);
  const adam = new ScheduledAdam(parameters, plan.weightDecay);
  const perEpoch = training.perEpoch ?? training.rows;
  const average = new WeightAverage(parameters, Math.ceil((AVERAGED_EPOCHS * perEpoch) / BATCH));
  const augmenter = new Augmenter(plan.input, createRandom(plan.seed, 'augment'), plan.augmentation);
  const forward = (rows: number): Block => layers.reduce((h, layer) => layer.forward(h, rows), x);

  const train = (epoch: number): void => {
    const order = shuffled(training.rows, random).subarray(0, perEpoch);
    for (let at = 0; at < order.length; at += BATCH) {
      const rows = order.subarray(at, at + BATCH);
      augmenter.fill(training.inputs, rows, x.data);
      training.objective.loss(forward(rows.length).data, rows, dy.data);
      let slope: Block | null = dy;
      for (let l = layers.length - 1; l >= 0 && slope !== null; l -= 1) slope = layers[l]!.backward(slope, rows.length);
      adam.step(rateAt(plan, (epoch - 1 + at / order.length) / plan.epochs));
      average.add();
    }
  };
  const validate = ({ rows, inputs, objective }: Examples): number => {
    let total = 0;
    for (let at = 0; at < rows; at += BATCH) {
      const batch = Int32Array.from({ length: Math.min(BATCH, rows - at) }, (_, i) => at + i);
      x.data.set(inputs.subarray(at * size, (at + batch.length) * size));
      total += objective.loss(forward(batch.length).data, batch, null);
    }
    return total / rows;
  };

  const weights = (): Float32Array[] => parameters.map(({ value }) => value.data.slice());
  let best: { epoch: number; loss: number; weights: Float32Array[] } | null = null;
  const last = plan.stopAfter ?? plan.epochs;
  for (let epoch = 1; epoch <= last; epoch += 1) {
    train(epoch);
    if (validation !== null) {
      const tried = average.borrow(() => ({ epoch, loss: validate(validation), weights: weights() }));
      if (best === null || tried.loss < best.loss) best = tried;
    }
    plan.onEpoch?.(epoch);
    if (best !== null && epoch - best.epoch > PATIENCE * plan.epochs) break;
    await setImmediate(); // the loop is synchronous: let the progress bar draw
  }
  const chosen = best ?? { epoch: last, loss: null, weights: average.borrow(weights) };
  for (const [p, values] of chosen.weights.entries()) parameters[p]!.value.data.set(values);
  return { layers: layers.map((layer) => layer.exported()), epochs: chosen.epoch, loss: chosen.loss };
}

function rateAt({ learningRate }: FitPlan, progress: number): number {
  const falling = (1 + cos(Math.PI * progress)) / 2;
  return learningRate * Math.min(1, progress / WARM_UP + 0.1) * falling;
}
