import type { AdapterSet } from '../../kernels/interpreter.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import { NormalWindows } from '../../kernels/learning/normal-windows.ts';
import { ReconstructionLoss } from '../../kernels/learning/reconstruction-loss.ts';
import { createRandom } from '../../kernels/random.ts';
import { writeInput } from './expert-panel.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { ExpertName, PipelineOptions } from './options.ts';
import type { PendingWindows } from './pending-windows.ts';
import { AnomalyHead } from './tasks/anomaly.ts';
import type { TaskHead } from './tasks/contract.ts';
import { UnlabelledLearning } from './unlabelled-learning.ts';

/** Deviations that a byte reaches to for a model that takes float features. */
const FLOAT_REACH = 8;

/** What it is wired to. */
export interface Surroundings {
  readonly experts: readonly ExpertName[];
  readonly head: TaskHead;
  readonly adapters: AdapterSet | null;
  readonly mixture: Mixture;
  readonly pending: PendingWindows;
}

/** Learning without labels; null unless an anomaly model has adapters and `local` is among its experts. */
export function createUnlabelled(
  { unlabelled: options, learning, seed }: PipelineOptions,
  { model, interpreter, chain, features, normaliser }: LoadedModel,
  { experts, head, adapters, mixture, pending }: Surroundings,
): UnlabelledLearning | null {
  if (!(head instanceof AnomalyHead) || adapters === null || !experts.includes('local')) return null;
  const random = createRandom(seed, 'normal windows');
  const { data, scale, zeroPoint } = interpreter.inputs[0]!;
  const code = data instanceof Int8Array ? { scale, zeroPoint } : { scale: FLOAT_REACH / 128, zeroPoint: 0 };
  const normal = new NormalWindows(options.windows, features.size, code);
  const { replay } = normal;
  const shown = new Float32Array(features.size);
  const show = (slot: number): Float32Array => {
    replay.read(slot, shown);
    return shown;
  };
  const present = (slot: number): void => writeInput(interpreter, show(slot));
  const shipped = head.thresholds[0]!;
  const loss = new ReconstructionLoss(interpreter.outputs[0]!, show, () => shipped * unlabelled.guard.usual);
  // Anchors of a person's word take the place of those of an episode of drift.
  const how = { ...learning, learningRate: options.learningRate, batch: options.batch, lambda: 0 };
  const given = { model, interpreter, adapters, chain, loss, replay, present, random, learning: how };
  const learner = new AdapterLearner(given);
  const unlabelled = new UnlabelledLearning({ normaliser, head, mixture, pending, normal, learner, random, options });
  return unlabelled;
}
