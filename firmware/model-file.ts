import { ModelError } from '../kernels/errors.ts';
import type { ModelLimits } from '../kernels/limits.ts';
import type { TfliteModel } from '../kernels/tflite/model.ts';
import { readModel } from '../kernels/tflite/reader.ts';
import {
  FACTORY_WINDOWS_METADATA_NAME,
  type FactoryWindows,
  FactoryWindowsError,
  parseFactoryWindows,
} from '../protocols/factory-windows.ts';
import { MODEL_CARD_METADATA_NAME, type ModelCard, ModelCardError, parseModelCard } from '../protocols/model-card.ts';

/**
 * The card inside a model file: what the main thread must know before the worker has built anything.
 *
 * @throws ModelError: the file is damaged, too large, or was not made for a node
 */
export const readModelCard = (bytes: Uint8Array, limits: ModelLimits): ModelCard => cardOf(readModel(bytes, limits));

/** @throws ModelError `modelMismatch` when the model carries no card, `malformedModel` when the card is none */
export const cardOf = (model: TfliteModel): ModelCard => {
  const entry = model.metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME);
  if (entry === undefined) {
    const what = `no metadata "${MODEL_CARD_METADATA_NAME}" (labels, channels, window)`;
    throw new ModelError('modelMismatch', `the model has ${what}: make it with myrmexctl train`);
  }
  try {
    return parseModelCard(entry.bytes);
  } catch (cause) {
    if (!(cause instanceof ModelCardError)) throw cause;
    throw new ModelError('malformedModel', `${cause.message}; train the model again`);
  }
};

/**
 * Windows of the factory that a classifier's file brings along; null when it has none.
 *
 * @throws ModelError `malformedModel` when they are damaged or belong to another model
 */
export const factoryWindowsOf = (model: TfliteModel, features: number, classes: number): FactoryWindows | null => {
  const entry = model.metadata.find(({ name }) => name === FACTORY_WINDOWS_METADATA_NAME);
  if (entry === undefined || classes === 0) return null;
  try {
    return parseFactoryWindows(entry.bytes, features, classes);
  } catch (cause) {
    if (!(cause instanceof FactoryWindowsError)) throw cause;
    throw new ModelError('malformedModel', `${cause.message}; train the model again`);
  }
};
