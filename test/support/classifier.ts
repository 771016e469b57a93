import { denseNetwork } from '../../kernels/quantise/network.ts';
import { tfliteModel } from '../../kernels/quantise/network-tflite.ts';
import { quantiseNetwork } from '../../kernels/quantise/quantise-network.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import {
  type ClassifierCard,
  encodeModelCard,
  MODEL_CARD_METADATA_NAME,
  type ModelCard,
} from '../../protocols/model-card.ts';
import { seeded } from './models.ts';

export interface ClassifierShape {
  readonly channels: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly seed: number;
}

/** A card for raw features of one-row windows, normalised by nothing. */
export function cardOf({ channels, classes }: ClassifierShape): ClassifierCard {
  const each = <T>(value: T): T[] => Array.from({ length: channels }, () => value);
  return {
    kind: 'myrmex-model',
    task: 'classification',
    labels: Array.from({ length: classes }, (_, k) => `class${k}`),
    channels: Array.from({ length: channels }, (_, c) => `channel${c}`),
    window: 1,
    stride: 1,
    sampleIntervalMs: 0,
    features: { kind: 'raw' },
    normalisation: { transform: each('linear' as const), mean: each(0), deviation: each(1) },
    accuracy: { float: 0, int8: 0 },
  };
}

/** An int8 classifier with random weights: ReLU layers, logits, SOFTMAX. */
export function randomClassifier(shape: ClassifierShape, card: object = cardOf(shape)): TfliteModel {
  const random = seeded(shape.seed);
  const widths = [shape.channels, ...shape.hidden, shape.classes];
  const layers = widths.slice(1).map((outFeatures, l) => {
    const inFeatures = widths[l]!;
    const size = Math.sqrt(3 / inFeatures);
    return {
      kind: 'dense' as const,
      inFeatures,
      outFeatures,
      weights: Float32Array.from({ length: outFeatures * inFeatures }, () => (random() * 2 - 1) * size * 1.4),
      bias: Float32Array.from({ length: outFeatures }, () => (random() * 2 - 1) * 0.1),
      activation: l < widths.length - 2 ? ('relu' as const) : ('none' as const),
    };
  });
  const ranges = {
    input: { low: -4, high: 4 },
    layers: layers.map(({ activation }) => ({ low: activation === 'relu' ? 0 : -16, high: 16 })),
  };
  // As `train` writes it; a test may have changed anything to something that no card holds.
  const { kind, task: _, ...rest } = card as ModelCard;
  const bytes = new TextEncoder().encode(JSON.stringify({ kind, version: 1, task: 'classifier', ...rest }));
  return tfliteModel(quantiseNetwork(denseNetwork(layers), ranges), 'random classifier', [
    { name: MODEL_CARD_METADATA_NAME, bytes },
  ]);
}

/** The same as a .tflite file. */
export function randomClassifierFile(shape: ClassifierShape, card: ModelCard = cardOf(shape)): Uint8Array {
  encodeModelCard(card);
  return writeModel(randomClassifier(shape, card));
}
