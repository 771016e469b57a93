import type { RecordingNode } from '../../firmware/io/recording.ts';
import { writeInput } from '../../firmware/pipeline/expert-panel.ts';
import { type LoadedModel, loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { classesOf } from '../../firmware/task-words.ts';
import { operatorOf } from '../../kernels/adapters/merge-model.ts';
import type { PeftAdapter } from '../../kernels/adapters/peft.ts';
import type { AdapterSet } from '../../kernels/interpreter.ts';
import { quantiseRow } from '../../kernels/learning/adapter-initialisation.ts';
import { argmax } from '../../kernels/learning/softmax.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { createWindower } from '../../kernels/signal/windower.ts';

/** The base, the base with the adapter beside it, and the merged model, on the windows of a recording. */
export interface MergeMeasure {
  readonly windows: number;
  /** Share of the windows that merged and side path decide alike. */
  readonly agreement: number;
  /** Root mean square of their logits' difference, and of what the adapter changes in them. */
  readonly logitErrorRms: number;
  readonly logitChangeRms: number;
  /** Share right of the labelled windows. */
  readonly base: number;
  readonly adapted: number;
  readonly merged: number;
}

/** @param merged file made from `base` by `mergeFile` with this adapter */
export function measureMerge(
  base: Uint8Array,
  merged: Uint8Array,
  adapter: PeftAdapter,
  { nodes, labels }: { readonly nodes: readonly RecordingNode[]; readonly labels: readonly string[] },
): MergeMeasure {
  const [plain, fused] = [loadModel(base, defaultModelLimits), loadModel(merged, defaultModelLimits)];
  const beside = adaptersOf(plain, adapter);
  const classes = classesOf(plain.card, labels);
  const { window, stride, channels } = plain.card;
  const logits = [new Float32Array(0), new Float32Array(0), new Float32Array(0)];
  const right = [0, 0, 0];
  let [windows, labelled, agreeing, error, change] = [0, 0, 0, 0, 0];
  for (const { rows, values, segment, label, tMs } of nodes) {
    const windower = createWindower({ channels: channels.length, window, stride });
    for (let row = 0; row < rows; row++) {
      if (!windower.push(values, row * channels.length, segment[row]!, label[row]!, tMs[row]!)) continue;
      logits[0] = judge(plain, windower.samples);
      logits[1] = judge(plain, windower.samples, beside);
      logits[2] = judge(fused, windower.samples);
      windows++;
      const said = logits.map(argmax);
      if (said[1] === said[2]) agreeing++;
      error += meanSquare(logits[1], logits[2]);
      change += meanSquare(logits[1], logits[0]);
      const truth = windower.truth < 0 ? -1 : classes[windower.truth]!;
      if (truth < 0) continue;
      labelled++;
      for (const [k, one] of said.entries()) if (one === truth) right[k] = right[k]! + 1;
    }
  }
  const share = (count: number, of: number): number => (of === 0 ? 0 : count / of);
  return {
    ...{ windows, agreement: share(agreeing, windows) },
    ...{ logitErrorRms: Math.sqrt(share(error, windows)), logitChangeRms: Math.sqrt(share(change, windows)) },
    base: share(right[0]!, labelled),
    adapted: share(right[1]!, labelled),
    merged: share(right[2]!, labelled),
  };
}

/** The adapter beside the model's layers, A in int8 as a node has it. */
function adaptersOf({ model, interpreter }: LoadedModel, { rank, scaling, layers }: PeftAdapter): AdapterSet {
  const operators = layers.map((layer) => model.subgraph.operators.indexOf(operatorOf(model, layer)));
  const points = operators.map((operator) => interpreter.adapterPoints.findIndex((p) => p.operator === operator));
  const set = interpreter.createAdapterSet({ rank, scaling, points });
  layers.forEach(({ inFeatures, loraA, loraB, bias }, l) => {
    const factors = set.points[points[l]!]!;
    for (let r = 0; r < rank; r++) {
      const row = Float64Array.from(loraA.subarray(r * inFeatures, (r + 1) * inFeatures));
      factors.loraAScale[r] = quantiseRow(row, factors.loraA.subarray(r * inFeatures, (r + 1) * inFeatures));
    }
    factors.loraB.set(loraB);
    factors.bias.set(bias);
  });
  return set;
}

/** Logits of one window in real units. */
function judge(loaded: LoadedModel, samples: Float32Array, adapters?: AdapterSet): Float32Array<ArrayBuffer> {
  const { interpreter, features, normaliser } = loaded;
  const z = new Float32Array(features.size);
  features.extract(samples, z);
  normaliser.apply(z, z);
  writeInput(interpreter, z);
  interpreter.invoke(adapters);
  const { data, scale, zeroPoint } = interpreter.logits;
  return Float32Array.from(data, (q) => scale * (q - zeroPoint));
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, k) => sum + (value - b[k]!) * (value - b[k]!), 0) / a.length;
}
