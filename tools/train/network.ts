import { setImmediate } from 'node:timers/promises';
import type * as Core from '@tensorflow/tfjs-core';
import { type DenseLayer, denseNetwork, type Network } from '../../kernels/quantise/network.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import { classWeights } from './class-weights.ts';
import { shuffled } from './shuffle.ts';

export interface FitOptions {
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly epochs: number;
  readonly seed: number;
  /** Called after each epoch with its number from 1. */
  readonly onEpoch?: (epoch: number) => void;
}

/** Standardised inputs [rows x features] and the class of each row. */
export interface TrainingSet {
  readonly features: number;
  readonly inputs: Float32Array;
  readonly truth: Int16Array;
}

const BATCH = 64;
const STEPS_WANTED = 600;
const EPOCHS_MIN = 10;
const EPOCHS_MAX = 100;
/** Adam's rate falls in a straight line from the sum of both to the latter. */
const LEARNING_RATE = 5e-3;
const LEARNING_RATE_END = 1e-5;
/** Decoupled weight decay per step, relative to the learning rate (AdamW, arXiv 1711.05101). */
const WEIGHT_DECAY = 0.02;
/** Share of the target given to the other classes: keeps the logits, and so the int8 range, small. */
const LABEL_SMOOTHING = 0.05;
/** Noise on the standardised inputs: windows of one moment of one machine look more alike than the future will. */
const INPUT_NOISE = 0.2;

interface TrainableLayer {
  readonly kernel: Core.Variable<Core.Rank.R2>;
  readonly bias: Core.Variable<Core.Rank.R1>;
}

/**
 * Fits Dense+ReLU layers and a dense logit layer by Adam on softmax cross-entropy, classes weighted alike whatever
 * their share. The same inputs and seed give the same weights. TensorFlow.js is loaded here, on first use.
 */
export async function fitNetwork(set: TrainingSet, options: FitOptions): Promise<Network> {
  const tf = await loadTensorFlow();
  const random = createRandom(options.seed, 'fit');
  const widths = [set.features, ...options.hidden, options.classes];
  tf.engine().startScope();
  const layers = widths.slice(1).map((width, l) => ({
    kernel: tf.variable(initial(tf, widths[l]!, width, random)),
    bias: tf.variable(tf.zeros<Core.Rank.R1>([width])),
  }));
  const optimizer = tf.train.adam(LEARNING_RATE);
  const weights = classWeights(set.truth, options.classes);
  for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
    const order = shuffled(set.truth.length, random);
    for (let at = 0; at < order.length; at += BATCH) {
      const progress = (epoch - 1 + at / order.length) / options.epochs;
      const rate = LEARNING_RATE * (1 - progress) + LEARNING_RATE_END;
      // Adam of TensorFlow.js has no schedule; its rate is a plain field that only the types hide.
      (optimizer as unknown as { learningRate: number }).learningRate = rate;
      const rows = order.subarray(at, at + BATCH);
      tf.tidy(() => {
        const x = noisy(tf, set, rows, random);
        const y = targets(tf, set.truth, rows, options.classes, weights);
        optimizer.minimize(() => crossEntropy(tf, y, forward(tf, layers, x)));
        for (const { kernel } of layers) kernel.assign(tf.mul(kernel, 1 - WEIGHT_DECAY * rate));
      });
    }
    options.onEpoch?.(epoch);
    await setImmediate(); // the loop is synchronous: let the progress bar draw
  }
  const network = denseNetwork(layers.map((layer, l) => exported(layer, l + 1 < layers.length)));
  for (const { kernel, bias } of layers) tf.dispose([kernel, bias]);
  optimizer.dispose();
  tf.engine().endScope();
  return network;
}

async function loadTensorFlow(): Promise<typeof Core> {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-layers'); // registers the gradients, which the core has no entry point for in Node
  await import('@tensorflow/tfjs-backend-cpu');
  tf.enableProdMode();
  await tf.setBackend('cpu');
  return tf;
}

function forward(tf: typeof Core, layers: readonly TrainableLayer[], x: Core.Tensor2D): Core.Tensor2D {
  return layers.reduce((h, { kernel, bias }, l) => {
    const y: Core.Tensor2D = tf.add(tf.matMul(h, kernel), bias);
    return l + 1 < layers.length ? tf.relu(y) : y;
  }, x);
}

/** Mean over the batch of -sum_k y_k log softmax(logits)_k; `y` carries the class weights. */
function crossEntropy(tf: typeof Core, y: Core.Tensor2D, logits: Core.Tensor2D): Core.Scalar {
  return tf.mean(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1)));
}

/** He initialisation from our generator (TensorFlow.js seeds per tensor, not per run). */
function initial(tf: typeof Core, fanIn: number, fanOut: number, random: Random): Core.Tensor2D {
  const deviation = Math.sqrt(2 / fanIn);
  return tf.tensor2d(
    Float32Array.from({ length: fanIn * fanOut }, () => random.normal() * deviation),
    [fanIn, fanOut],
  );
}

function noisy(tf: typeof Core, set: TrainingSet, batch: Int32Array, random: Random): Core.Tensor2D {
  const { features, inputs } = set;
  const x = new Float32Array(batch.length * features);
  batch.forEach((row, b) => {
    for (let f = 0; f < features; f += 1)
      x[b * features + f] = inputs[row * features + f]! + INPUT_NOISE * random.normal();
  });
  return tf.tensor2d(x, [batch.length, features]);
}

function targets(
  tf: typeof Core,
  truth: Int16Array,
  batch: Int32Array,
  classes: number,
  weights: Float64Array,
): Core.Tensor2D {
  const y = new Float32Array(batch.length * classes);
  batch.forEach((row, b) => {
    const label = truth[row]!;
    y.fill((weights[label]! * LABEL_SMOOTHING) / classes, b * classes, (b + 1) * classes);
    y[b * classes + label]! += weights[label]! * (1 - LABEL_SMOOTHING);
  });
  return tf.tensor2d(y, [batch.length, classes]);
}

function exported({ kernel, bias }: TrainableLayer, hidden: boolean): DenseLayer {
  const [inFeatures, outFeatures] = kernel.shape;
  const columns = kernel.dataSync() as Float32Array;
  const weights = new Float32Array(inFeatures * outFeatures);
  for (let o = 0; o < outFeatures; o += 1) {
    for (let i = 0; i < inFeatures; i += 1) weights[o * inFeatures + i] = columns[i * outFeatures + o]!;
  }
  return {
    kind: 'dense',
    inFeatures,
    outFeatures,
    weights,
    bias: Float32Array.from(bias.dataSync()),
    activation: hidden ? 'relu' : 'none',
  };
}

/** Passes that give about 600 optimiser steps: few windows are seen more often than many. */
export function epochsFor(rows: number): number {
  const batches = Math.ceil(rows / BATCH);
  return Math.min(EPOCHS_MAX, Math.max(EPOCHS_MIN, Math.ceil(STEPS_WANTED / batches)));
}
