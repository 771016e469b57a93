import { readFile, rename, writeFile } from 'node:fs/promises';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import {
  ANOMALY_LABELS,
  encodeModelCard,
  MODEL_CARD_METADATA_NAME,
  type ModelCard,
} from '../../protocols/model-card.ts';
import { CommandError } from '../errors.ts';
import { type FeatureFlags, featuresFor } from './describe-features.ts';
import { chooseTask, outputsOf, type TaskFlags } from './describe-task.ts';
import type { Windows } from './describe-windows.ts';
import { thresholdOf } from './threshold.ts';

export interface DescribeFlags extends TaskFlags, FeatureFlags {
  readonly thresholdQuantile: number;
  readonly sampleInterval: number;
  readonly out?: string;
}

export interface Described {
  readonly out: string;
  readonly features: number;
  readonly card: ModelCard;
  /** What was inferred or measured, for a person. */
  readonly remarks: readonly string[];
}

/**
 * Gives a model from elsewhere the card that a node needs, and proves that a node can load it before anything is
 * written. The file is replaced in one step: whoever reads it sees the old model or the new one.
 *
 * @throws ModelError or ModelCardError when model and description do not fit, RecordingError, CommandError
 */
export async function describeFile(path: string, flags: DescribeFlags): Promise<Described> {
  const model = readModel(await readFile(path), defaultModelLimits);
  const ends = createInterpreter(model, { engine: createEngine(), limits: defaultModelLimits, keepActivations: false });
  const { task, remark } = chooseTask(flags, ends);
  const remarks = remark === null ? [] : [remark];
  const { spec, normalisation, windows, remark: left } = await featuresFor(task, flags);
  if (left !== null) remarks.push(left);
  const { channels, window, stride = window, sampleInterval } = flags;
  const common = {
    kind: 'myrmex-model' as const,
    ...{ channels, window, stride, sampleIntervalMs: sampleInterval },
    features: spec.kind === 'spectral' ? { ...spec, edges: [...spec.edges], floor: [...spec.floor] } : spec,
    normalisation: {
      transform: [...normalisation.transform],
      mean: [...normalisation.mean],
      deviation: [...normalisation.deviation],
    },
  };
  const file = (card: ModelCard): Uint8Array => writeModel(withCard(model, encodeModelCard(card)));
  const anomalyCard = (threshold: number): ModelCard => {
    return { ...common, task: 'anomaly', labels: [...ANOMALY_LABELS], threshold };
  };
  let card: ModelCard;
  if (task === 'classification') card = { ...common, task, labels: flags.labels ?? [] };
  else if (task === 'regression') {
    card = { ...common, task, labels: [], outputs: outputsOf(flags, ends.outputs[0]!.data.length) };
  } else if (flags.threshold !== undefined) card = anomalyCard(flags.threshold);
  else {
    // Scores do not depend on the threshold.
    const found = thresholdOf(file(anomalyCard(1)), requireWindows(windows), flags.thresholdQuantile);
    remarks.push(found.remark);
    card = anomalyCard(found.threshold);
  }
  const bytes = file(card);
  const { features } = loadModel(bytes, defaultModelLimits);
  const out = flags.out ?? path;
  await writeFile(`${out}.new`, bytes, { flush: true });
  await rename(`${out}.new`, out);
  return { out, features: features.size, card, remarks };
}

function requireWindows(windows: Windows | null): Windows {
  if (windows !== null) return windows;
  const how = '--recording with normal data, from which it is measured, or --threshold with a number';
  throw new CommandError('thresholdNeeded', `an anomaly model needs a threshold: give ${how}`, 2);
}

/** The model with this card; an earlier card's buffer is reused, so that describing twice adds nothing. */
function withCard(model: TfliteModel, card: Uint8Array): TfliteModel {
  const earlier = model.metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME);
  return {
    ...model,
    buffers: model.buffers.map((bytes) => (bytes === earlier?.bytes ? card : bytes)),
    metadata: [...model.metadata.filter((entry) => entry !== earlier), { name: MODEL_CARD_METADATA_NAME, bytes: card }],
  };
}
