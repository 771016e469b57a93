import { type Network, parametersOf } from '../../kernels/quantise/network.ts';
import { createRandom } from '../../kernels/random.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { classifierCard } from './cards.ts';
import { classifierPlan } from './convolutional-plan.ts';
import { denserWindows } from './denser-windows.ts';
import { floatAccuracy, int8Accuracy } from './evaluate.ts';
import { type Examples, type FitPlan, fit } from './float/fit.ts';
import type { Signal } from './float/layer.ts';
import { crossEntropy } from './float/objective.ts';
import { quantised, reachOf } from './quantised.ts';
import { channelNormalisation, framesOf, takingWindows } from './raw-windows.ts';
import type { ClassifierReport } from './report.ts';
import { pick, pickRows, splitByTime } from './split.ts';
import { normaliseAll } from './standardise.ts';
import type { TrainOptions } from './train-options.ts';
import { requireTrainable } from './trainable.ts';
import { cutWindows } from './windows.ts';

const TAPS = 5;
const STEPS_WANTED = 800;
const EPOCHS = { least: 10, most: 150 } as const;
const BATCH = 64;
const LEARNING_RATE = 4e-3;
const WEIGHT_DECAY = 0.3;
/** Share of the target given to the other classes: keeps the logits, and so the int8 range, small. */
const LABEL_SMOOTHING = 0.05;
/** Windows of few machines in one place look more alike than the future will. */
const AUGMENTATION = { noise: 0.2, gain: 0.2, offset: 0.4 } as const;
const HOW = { description: 'Myrmex convolutional classifier', calibrationRows: 512 } as const;

/**
 * Trains a convolutional classifier on raw windows: a fifth of them is held back in stretches of time and decides how
 * many passes are best; float and int8 accuracy on it are what is reported. The model that is written is then fitted on
 * all windows with as many passes.
 *
 * @throws CommandError when the recording has too little to train on
 */
export async function trainConvolutional(
  options: TrainOptions,
): Promise<{ bytes: Uint8Array; report: ClassifierReport }> {
  const { recording, seed, hidden, channelsOut, kernel: taps = TAPS } = options;
  const windows = cutWindows(recording, options.window, options.stride);
  requireTrainable(windows);
  const signal: Signal = { columns: windows.window, channels: windows.channels.length };
  const size = signal.columns * signal.channels;
  const classes = windows.labels.length;
  const plan = classifierPlan(signal, classes, { taps, hidden, channelsOut });
  const split = splitByTime(windows, createRandom(seed, 'split'));
  const epochs = options.epochs ?? epochsFor(windows.count);
  let done = 0;
  const onEpoch = (): void => options.onProgress?.(++done, 2 * epochs);
  const common = { plan, input: signal, epochs, seed, onEpoch };
  const fitPlan: FitPlan = {
    ...{ ...common, learningRate: LEARNING_RATE, weightDecay: WEIGHT_DECAY, augmentation: AUGMENTATION },
  };
  const examples = (inputs: Float32Array, truth: Int16Array, perEpoch: number): Examples => {
    const objective = crossEntropy(truth, classes, LABEL_SMOOTHING);
    return { rows: truth.length, inputs: framesOf(inputs, signal), objective, perEpoch };
  };
  const finished = (layers: Network['layers']): Network =>
    takingWindows([...layers, { kind: 'softmax' }], signal, false);

  const training = denserWindows(recording, windows, split.heldBack);
  const partly = channelNormalisation(training.samples, signal.channels, signal.columns);
  const inputs = normaliseAll(partly, training.samples);
  const heldBack = normaliseAll(partly, pickRows(windows.samples, size, split.heldBack));
  const heldBackTruth = pick(windows.truth, split.heldBack);
  const first = await fit(
    fitPlan,
    examples(inputs, training.truth, split.training.length),
    examples(heldBack, heldBackTruth, heldBackTruth.length),
  );
  const judged = finished(first.layers);
  const accuracy = {
    float: floatAccuracy(judged, heldBack, heldBackTruth),
    int8: int8Accuracy(quantised(judged, inputs, { ...HOW, reach: reachOf(inputs) }), heldBack, heldBackTruth),
  };

  const all = denserWindows(recording, windows, new Int32Array(0));
  const normalisation = channelNormalisation(all.samples, signal.channels, signal.columns);
  const allInputs = normaliseAll(normalisation, all.samples);
  done = 2 * epochs - first.epochs;
  const whole = await fit({ ...fitPlan, stopAfter: first.epochs }, examples(allInputs, all.truth, windows.count), null);
  const network = finished(whole.layers);
  const card = classifierCard(windows, { kind: 'raw' }, normalisation, accuracy);
  const bytes = writeModel(
    quantised(network, allInputs, { ...HOW, reach: reachOf(allInputs), card, truth: all.truth }),
  );
  const report: ClassifierReport = {
    task: 'classification',
    model: 'conv',
    windows: windows.count,
    trainingWindows: split.training.length,
    heldBackWindows: split.heldBack.length,
    unlabelledWindows: windows.unlabelled,
    invalidWindows: windows.invalid,
    labels: windows.labels,
    features: { kind: 'raw', count: size },
    scalings: [],
    epochs: first.epochs,
    parameters: parametersOf(network),
    accuracy,
    modelBytes: bytes.length,
  };
  return { bytes, report };
}

/** Passes that give some 800 optimiser steps: few windows are seen more often than many. */
function epochsFor(rows: number): number {
  return Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.ceil((STEPS_WANTED * BATCH) / rows)));
}
