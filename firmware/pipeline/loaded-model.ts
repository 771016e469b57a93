import { ModelError } from '../../kernels/errors.ts';
import { createLearningInterpreter } from '../../kernels/gradient/learning-interpreter.ts';
import type { InferenceEngine } from '../../kernels/inference-engine.ts';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultLearningOptions, type LearningOptions } from '../../kernels/learning/options.ts';
import type { ModelLimits } from '../../kernels/limits.ts';
import { createFeatures, type Features } from '../../kernels/signal/features.ts';
import { createNormaliser, type Normaliser } from '../../kernels/signal/normalise.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import type { FactoryWindows } from '../../protocols/factory-windows.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import { cardOf, factoryWindowsOf } from '../model-file.ts';
import { foreignRunner, type Runner } from './runner.ts';
import { misfit } from './tasks/create.ts';

/** A model and everything its card describes, made to fit each other. */
export interface LoadedModel {
  readonly model: TfliteModel;
  readonly card: ModelCard;
  readonly interpreter: Interpreter;
  /** What judges windows: the interpreter, unless another engine was asked for. */
  readonly runner: Runner;
  /** Adapter points that learn, in execution order; none of a regressor. */
  readonly chain: readonly number[];
  readonly features: Features;
  readonly normaliser: Normaliser;
  /** Windows that the file brings along to learn from again; null when it has none. */
  readonly factory: FactoryWindows | null;
}

/**
 * Reads a model and checks it against its own card.
 *
 * @param engine runs the frozen model instead of our interpreter, which then has only proved the model sound
 * @throws ModelError whose message says which two things do not fit and what to do
 */
export function loadModel(
  bytes: Uint8Array,
  limits: ModelLimits,
  engine?: InferenceEngine,
  learning: LearningOptions = defaultLearningOptions,
): LoadedModel {
  const model = readModel(bytes, limits);
  const card = cardOf(model);
  const learns = card.task !== 'regression' && engine === undefined;
  const { interpreter, chain } = learns
    ? interpretAndLearn(model, card, limits, learning)
    : interpretFrozen(model, limits);
  const features = build('features', () =>
    createFeatures(card.features, { channels: card.channels.length, window: card.window }),
  );
  const normaliser = build('normalisation', () => createNormaliser(card.normalisation));
  requireFit(card, interpreter, features, normaliser);
  const factory = learns ? factoryWindowsOf(model, features.size, card.labels.length) : null;
  const runner = engine === undefined ? interpreter : foreignRunner(engine, model, bytes, limits);
  return { model, card, interpreter, runner, chain, features, normaliser, factory };
}

function interpretFrozen(model: TfliteModel, limits: ModelLimits) {
  const interpreter = createInterpreter(model, { engine: createEngine(), limits, keepActivations: false });
  return { interpreter, chain: [] };
}

function interpretAndLearn(model: TfliteModel, { task }: ModelCard, limits: ModelLimits, learning: LearningOptions) {
  const { points, rank } = learning;
  const wanted = { pointsMax: points, rank, learnsA: task === 'classification' && learning.learnA > 0 };
  const { interpreter, chosen } = createLearningInterpreter(model, createEngine(), limits, wanted);
  // An anomaly model is of use as it is: what cannot learn stays frozen.
  if (chosen.points.length > 0 || task === 'anomaly') return { interpreter, chain: chosen.points };
  const most = limits.learningArenaBytesMax;
  throw new ModelError(
    'unsupportedModel',
    `no layer of the model can learn: its output must come from an int8 dense layer or convolution over operators ` +
      `that a gradient passes, with ${most} bytes for learning`,
  );
}

/** What a card says about `part` may be well-formed and still impossible. */
function build<T>(part: string, create: () => T): T {
  try {
    return create();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelError('modelMismatch', `the ${part} of the model card cannot be used: ${cause.message}`);
  }
}

function requireFit(card: ModelCard, interpreter: Interpreter, features: Features, normaliser: Normaliser): void {
  const mismatch = (message: string): never => {
    throw new ModelError('modelMismatch', `${message}; the card belongs to another model: train again`);
  };
  const { inputs } = interpreter;
  if (inputs.length !== 1) mismatch(`the model has ${inputs.length} inputs instead of 1`);
  const size = inputs[0]!.data.length;
  const from = `${card.channels.length} channels × ${card.window} samples`;
  if (features.size !== size) mismatch(`the card makes ${features.size} features of ${from}, the model takes ${size}`);
  if (normaliser.size !== size) mismatch(`the card normalises ${normaliser.size} features, the model takes ${size}`);
  const fault = misfit(card, interpreter);
  if (fault !== null) mismatch(fault);
}
