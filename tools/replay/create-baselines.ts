import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import type { PipelineOptions } from '../../firmware/pipeline.ts';
import { type Baseline, RepeatLast } from './baseline.ts';
import type { BaselineName } from './baseline-names.ts';
import { FullBaseline } from './full-baseline.ts';

/**
 * Learning rates that `full` is run with side by side; the report shows the one that was right most often over all
 * nodes. Chosen in hindsight, so the baseline looks as good as it can.
 */
const FULL_RATES = [1e-4, 3e-4, 1e-3];

/** Makes fresh baselines for one node at every call; the model is read once for all of them. */
export function baselineFactory(names: readonly BaselineName[], options: PipelineOptions): () => Baseline[] {
  const loaded = names.includes('full') ? loadModel(options.model, options.limits) : null;
  const full = (): Baseline[] =>
    loaded === null ? [] : FULL_RATES.map((rate) => new FullBaseline(loaded, options, rate));
  return () => names.flatMap((name) => (name === 'full' ? full() : [new RepeatLast()]));
}
