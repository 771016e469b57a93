import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import type { PipelineOptions } from '../../firmware/pipeline.ts';
import { type Baseline, RepeatLast } from './baseline.ts';
import type { BaselineName } from './baseline-names.ts';
import type { Exchange } from './exchange.ts';
import { FederatedAverage } from './federated-average.ts';
import { FullBaseline } from './full-baseline.ts';

/**
 * Learning rates that `full` and `fedavg` are run with side by side; the report shows the one that was right most often
 * over all nodes. Chosen in hindsight, so the baseline looks as good as it can.
 */
const FULL_RATES = [1e-4, 3e-4, 1e-3];
const FEDERATED_RATES = [...FULL_RATES, 3e-3];

export interface Baselines {
  /** Fresh ones for the next node of the recording. */
  create(): Baseline[];
  /** What they do together. */
  readonly exchanges: readonly Exchange[];
}

/** The model is read once for all nodes. */
export function createBaselines(names: readonly BaselineName[], options: PipelineOptions): Baselines {
  const loaded = names.some((name) => name !== 'repeatLast') ? loadModel(options.model, options.limits) : null;
  const federations = FEDERATED_RATES.map((rate) => ({ rate, average: new FederatedAverage() }));
  const make = (name: BaselineName): Baseline[] => {
    if (loaded === null || name === 'repeatLast') return [new RepeatLast()];
    if (name === 'full') return FULL_RATES.map((rate) => new FullBaseline(loaded, options, rate));
    return federations.map(({ rate, average }) => average.join(new FullBaseline(loaded, options, rate, 'fedavg')));
  };
  return {
    create: () => names.flatMap(make),
    exchanges: names.includes('fedavg') ? federations.map(({ average }) => average) : [],
  };
}
