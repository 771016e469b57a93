import { ModelError } from '../kernels/errors.ts';
import type { ModelLimits } from '../kernels/limits.ts';
import { readModel } from '../kernels/tflite/reader.ts';
import { MODEL_CARD_METADATA_NAME, type ModelCard, parseModelCard } from '../protocols/model-card.ts';

/**
 * The card inside a model file: what the main thread must know before the worker has built anything.
 *
 * @throws ModelError, ModelCardError: the file is damaged, too large, or was not made for a node
 */
export const readModelCard = (bytes: Uint8Array, limits: ModelLimits): ModelCard => {
  const { metadata } = readModel(bytes, limits);
  const entry = metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME);
  if (entry === undefined) {
    throw new ModelError(
      'modelMismatch',
      'the model carries no card (labels, channels, window, features); make it with "myrmexctl train"',
    );
  }
  return parseModelCard(entry.bytes);
};
