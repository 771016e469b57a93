import type { FeatureSpec } from '../../kernels/signal/features.ts';
import type { NormalisationSpec } from '../../kernels/signal/normalise.ts';
import { ANOMALY_LABELS, type AnomalyCard, type ClassifierCard } from '../../protocols/model-card.ts';
import type { LabelledWindows } from './windows.ts';

/** The card of a classifier that was trained on these windows. */
export function classifierCard(
  windows: LabelledWindows,
  spec: FeatureSpec,
  normalisation: NormalisationSpec,
  accuracy: { readonly float: number; readonly int8: number },
): ClassifierCard {
  const round = (share: number): number => Number(share.toFixed(4));
  return {
    kind: 'myrmex-model',
    task: 'classification',
    labels: [...windows.labels],
    ...common(windows, spec, normalisation),
    accuracy: { float: round(accuracy.float), int8: round(accuracy.int8) },
  };
}

/** The card of an autoencoder that was trained on these windows. */
export function anomalyCard(
  windows: LabelledWindows,
  spec: FeatureSpec,
  normalisation: NormalisationSpec,
  threshold: number,
): AnomalyCard {
  const rest = common(windows, spec, normalisation);
  return { kind: 'myrmex-model', task: 'anomaly', labels: [...ANOMALY_LABELS], ...rest, threshold };
}

function common(
  { channels, window, stride, sampleIntervalMs }: LabelledWindows,
  spec: FeatureSpec,
  { transform, mean, deviation }: NormalisationSpec,
) {
  return {
    channels: [...channels],
    window,
    stride,
    sampleIntervalMs,
    features: spec.kind === 'spectral' ? { ...spec, edges: [...spec.edges], floor: [...spec.floor] } : spec,
    normalisation: { transform: [...transform], mean: [...mean], deviation: [...deviation] },
  };
}
