import { FloatForward } from '../../kernels/quantise/forward.ts';
import { type Network, parametersOf } from '../../kernels/quantise/network.ts';
import { createRandom } from '../../kernels/random.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { ANOMALY_LABELS } from '../../protocols/model-card.ts';
import { scoresOf, thresholdOf } from '../model/threshold.ts';
import { rankAuc } from '../replay/rank-auc.ts';
import { type AutoencoderKind, convolutionalAutoencoder, denseAutoencoder } from './autoencoder-kinds.ts';
import { anomalyCard } from './cards.ts';
import { type Examples, type FitPlan, fit } from './float/fit.ts';
import { reconstruction } from './float/objective.ts';
import { normalAndOther, rowsThatAre } from './normal-windows.ts';
import { quantised } from './quantised.ts';
import type { AutoencoderReport } from './report.ts';
import { pickRows, splitByTime } from './split.ts';
import { normaliseAll } from './standardise.ts';
import type { TrainOptions } from './train-options.ts';
import { requireNormal } from './trainable.ts';
import type { LabelledWindows } from './windows.ts';

const STEPS_WANTED = 3000;
const EPOCHS = { least: 20, most: 300 } as const;
const BATCH = 64;
const LEARNING_RATE = 5e-3;
const WEIGHT_DECAY = 0.01;
/** The network is shown a little noise and asked for what was there without it (Vincent et al. 2008). */
const AUGMENTATION = { noise: 0.1, gain: 0, offset: 0 } as const;
const THRESHOLD_QUANTILE = 0.99;

/**
 * Trains an autoencoder on the normal windows of a recording: those not labelled, or labelled `normal`. A fifth of them
 * is held back in stretches of time and decides how many passes are best. The threshold is the score that the given
 * share of the held-back windows keeps to, with a model that did not see them; the model that is written is then
 * fitted on all.
 *
 * @throws CommandError when the recording has too little that is normal
 */
export async function trainAutoencoder(
  options: TrainOptions,
): Promise<{ bytes: Uint8Array; report: AutoencoderReport }> {
  const { seed, thresholdQuantile: quantile = THRESHOLD_QUANTILE } = options;
  const windows = normalAndOther(options.recording, options.window, options.stride);
  requireNormal(windows, rowsThatAre('normal', windows).length);
  const kind = (options.model === 'conv' ? convolutionalAutoencoder : denseAutoencoder)(windows, options);
  const size = kind.features.length / windows.count;
  const split = splitByTime(windows, createRandom(seed, 'split'));
  const [training, heldBack] = [split.training, split.heldBack].map((rows) => rowsThatAre('normal', windows, rows));
  const normal = rowsThatAre('normal', windows);
  const other = rowsThatAre('other', windows);
  const epochs = options.epochs ?? epochsFor(training!.length);
  let done = 0;
  const onEpoch = (): void => options.onProgress?.(++done, 2 * epochs);
  const common = { plan: kind.plan, input: kind.signal, epochs, seed, onEpoch };
  const plan: FitPlan = {
    ...{ ...common, learningRate: LEARNING_RATE, weightDecay: WEIGHT_DECAY, augmentation: AUGMENTATION },
  };

  const partly = kind.normalisation(pickRows(kind.features, size, training!));
  const trainingInputs = normaliseAll(partly, pickRows(kind.features, size, training!));
  const heldBackInputs = normaliseAll(partly, pickRows(kind.features, size, heldBack!));
  const first = await fit(plan, examples(kind, trainingInputs, size), examples(kind, heldBackInputs, size));
  const judge = kind.network(first.layers);
  const judgeCard = anomalyCard(windows, kind.spec, partly, 1);
  const how = { description: 'Myrmex autoencoder', calibrationRows: 512, givesInput: true } as const;
  const reach = kind.reach(trainingInputs);
  const judgeFile = writeModel(quantised(judge, trainingInputs, { ...how, reach, card: judgeCard }));
  const scores = scoresOf(judgeFile, select(windows, heldBack!));
  const { threshold } = thresholdOf(judgeFile, select(windows, heldBack!), quantile);
  const odd = [...scoresOf(judgeFile, select(windows, other))].map((score) => ({ score, odd: true }));

  const normalisation = kind.normalisation(pickRows(kind.features, size, normal));
  const inputs = normaliseAll(normalisation, pickRows(kind.features, size, normal));
  done = 2 * epochs - first.epochs;
  const whole = await fit({ ...plan, stopAfter: first.epochs }, examples(kind, inputs, size), null);
  const network = kind.network(whole.layers);
  const card = anomalyCard(windows, kind.spec, normalisation, threshold);
  const bytes = writeModel(quantised(network, inputs, { ...how, reach: kind.reach(inputs), card }));
  const report: AutoencoderReport = {
    task: 'anomaly',
    model: options.model ?? 'dense',
    windows: normal.length,
    trainingWindows: training!.length,
    heldBackWindows: heldBack!.length,
    unlabelledWindows: windows.unlabelled,
    invalidWindows: windows.invalid,
    anomalousWindows: other.length,
    labels: ANOMALY_LABELS,
    features: { kind: kind.spec.kind, count: size },
    epochs: first.epochs,
    parameters: parametersOf(network),
    anomaly: {
      error: { float: errorOf(judge, heldBackInputs, size), int8: mean(scores) },
      quantile,
      threshold,
      auc: rankAuc([...[...scores].map((score) => ({ score, odd: false })), ...odd]),
    },
    modelBytes: bytes.length,
  };
  return { bytes, report };
}

function examples(kind: AutoencoderKind, inputs: Float32Array, size: number): Examples {
  const signals = kind.signals(inputs);
  return { rows: inputs.length / size, inputs: signals, objective: reconstruction(signals, size) };
}

function select(windows: LabelledWindows, rows: Int32Array) {
  const { channels, window } = windows;
  const samples = pickRows(windows.samples, channels.length * window, rows);
  return { channels, window, count: rows.length, samples };
}

/** Mean square of what the float network does not know. */
function errorOf(network: Network, inputs: Float32Array, size: number): number {
  const forward = new FloatForward(network);
  const rows = inputs.length / size;
  const errors = Array.from({ length: rows }, (_, row) => {
    const x = inputs.subarray(row * size, (row + 1) * size);
    return forward.run(x).reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0) / size;
  });
  return mean(errors);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function epochsFor(rows: number): number {
  return Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.ceil((STEPS_WANTED * BATCH) / rows)));
}
