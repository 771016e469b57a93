import { denseNetwork } from '../../kernels/quantise/network.ts';
import { tfliteModel } from '../../kernels/quantise/network-tflite.ts';
import { quantiseNetwork } from '../../kernels/quantise/quantise-network.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import {
  ANOMALY_LABELS,
  encodeModelCard,
  MODEL_CARD_METADATA_NAME,
  type ModelCard,
  type OutputOfCard,
} from '../../protocols/model-card.ts';
import { cardOf } from './classifier.ts';

/** Rows of weights, a bias each, and the range its output takes. */
export interface LinearLayer {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
  readonly range: { readonly low: number; readonly high: number };
}

/** An int8 chain of linear layers for inputs from -4 to 4, made by our own quantiser. */
export function linearModel(layers: readonly LinearLayer[], card: ModelCard | null): TfliteModel {
  const network = denseNetwork(
    layers.map(({ weights, bias }) => ({
      kind: 'dense' as const,
      inFeatures: weights[0]!.length,
      outFeatures: weights.length,
      weights: Float32Array.from(weights.flat()),
      bias: Float32Array.from(bias),
      activation: 'none' as const,
    })),
    'none',
  );
  const ranges = { input: { low: -4, high: 4 }, layers: layers.map(({ range }) => range) };
  const metadata = card === null ? [] : [{ name: MODEL_CARD_METADATA_NAME, bytes: encodeModelCard(card) }];
  return tfliteModel(quantiseNetwork(network, ranges), 'test model', metadata);
}

const commonCard = (channels: number) => {
  const { labels: _, accuracy: __, task: ___, ...common } = cardOf({ channels, hidden: [], classes: 2, seed: 0 });
  return common;
};

/** What the regressor below measures. */
export const measured = (x: ArrayLike<number>): number => 2 * x[0]! - x[1]! + 0.5;
const MEASURING: LinearLayer = { weights: [[2, -1]], bias: [0.5], range: { low: -12, high: 12 } };

/** Two channels, windows of one row, one output. */
export const regressor = (output: OutputOfCard = { name: 'flow' }): TfliteModel =>
  linearModel([MEASURING], { ...commonCard(2), task: 'regression', labels: [], outputs: [output] });

/** Direction along which everything normal lies. */
export const NORMAL = [0.8, -0.4, 0.4, 0.2] as const;

/** Four channels, windows of one row; knows nothing but multiples of NORMAL, by a bottleneck of one. */
export const autoencoder = (threshold = 0.05): TfliteModel =>
  linearModel(
    [
      { weights: [NORMAL], bias: [0], range: { low: -4, high: 4 } },
      { weights: NORMAL.map((part) => [part]), bias: [0, 0, 0, 0], range: { low: -4, high: 4 } },
    ],
    { ...commonCard(4), task: 'anomaly', labels: [...ANOMALY_LABELS], threshold },
  );

/** Mean square of what is left of x when its part along NORMAL (a unit vector) is taken away. */
export const residue = (x: ArrayLike<number>): number => {
  const along = NORMAL.reduce((sum, part, i) => sum + part * x[i]!, 0);
  return NORMAL.reduce((sum, part, i) => sum + (x[i]! - along * part) ** 2, 0) / NORMAL.length;
};

export const fileOf = (model: TfliteModel): Uint8Array => writeModel(model);
