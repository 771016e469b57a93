import type { Network } from '../../kernels/quantise/network.ts';
import { createRandom } from '../../kernels/random.ts';
import type { FeatureSpec } from '../../kernels/signal/features.ts';
import type { NormalisationSpec } from '../../kernels/signal/normalise.ts';
import { driftedCopy } from './drift.ts';
import { floatAccuracy } from './evaluate.ts';
import { extractAll } from './feature-choice.ts';
import { type FitOptions, fitNetwork } from './network.ts';
import { pick, pickRows, type Split } from './split.ts';
import { fitNormalisation, normaliseAll, type Scaling } from './standardise.ts';
import type { LabelledWindows } from './windows.ts';

/** What a scaling was worth on the held-back windows. */
export interface ScalingScore {
  readonly scaling: Scaling;
  /** Float accuracy as recorded. */
  readonly clean: number;
  /** Mean float accuracy on copies with simulated sensor drift. */
  readonly drifted: number;
}

export interface ScalingChoice {
  readonly scaling: Scaling;
  readonly normalisation: NormalisationSpec;
  readonly network: Network;
  /** Best first. */
  readonly scores: readonly ScalingScore[];
}

export interface ScalingProblem {
  readonly windows: LabelledWindows;
  readonly spec: FeatureSpec;
  /** [windows x size]. */
  readonly features: Float32Array;
  readonly split: Split;
  readonly scalings: readonly Scaling[];
  readonly fit: FitOptions;
}

const DRIFTED_COPIES = 8;

/**
 * Fits each scaling on the training part and keeps the one with the best mean of clean and drifted accuracy on the
 * held-back part; the first of equals, so linear wins a draw. Scalings that come to the same are tried once.
 */
export async function chooseScaling(problem: ScalingProblem): Promise<ScalingChoice> {
  const { windows, spec, features, split, fit } = problem;
  const size = features.length / windows.count;
  const trainingFeatures = pickRows(features, size, split.training);
  const heldBack = pickRows(features, size, split.heldBack);
  const heldBackTruth = pick(windows.truth, split.heldBack);
  const shape = { channels: windows.channels.length, window: windows.window };
  const random = createRandom(fit.seed, 'drift');
  const drifted = Array.from({ length: DRIFTED_COPIES }, () =>
    extractAll(spec, shape, driftedCopy(windows, split.heldBack, random)),
  );
  const tried: (ScalingScore & { normalisation: NormalisationSpec; network: Network })[] = [];
  for (const scaling of problem.scalings) {
    const normalisation = fitNormalisation(trainingFeatures, size, scaling);
    if (tried.some((other) => sameTransforms(other.normalisation, normalisation))) continue;
    const inputs = normaliseAll(normalisation, trainingFeatures);
    const network = await fitNetwork({ features: size, inputs, truth: pick(windows.truth, split.training) }, fit);
    const accuracyOn = (rows: Float32Array): number =>
      floatAccuracy(network, normaliseAll(normalisation, rows), heldBackTruth);
    const onDrifted = drifted.map(accuracyOn).reduce((sum, a) => sum + a, 0) / DRIFTED_COPIES;
    tried.push({ scaling, clean: accuracyOn(heldBack), drifted: onDrifted, normalisation, network });
  }
  tried.sort((a, b) => b.clean + b.drifted - (a.clean + a.drifted));
  const best = tried[0]!;
  const scores = tried.map(({ scaling, clean, drifted }) => ({ scaling, clean, drifted }));
  return { scaling: best.scaling, normalisation: best.normalisation, network: best.network, scores };
}

function sameTransforms(a: NormalisationSpec, b: NormalisationSpec): boolean {
  return a.transform.every((transform, i) => transform === b.transform[i]);
}
