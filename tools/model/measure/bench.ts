import { EngineError, ModelError } from '../../../kernels/errors.ts';
import type { EngineNumerics, InferenceEngine, RunnableModel } from '../../../kernels/inference-engine.ts';
import { createInterpreter } from '../../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../../kernels/limits.ts';
import { readModel } from '../../../kernels/tflite/reader.ts';
import { createEngine } from '../../../kernels/wasm/engine.ts';
import { createInputs } from './random-inputs.ts';
import { monotonicNs, Sampler, timedBy } from './sampler.ts';

export interface EngineTiming {
  readonly name: string;
  /** Of one inference, over the means of batches. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Multiply-adds of the model over the median. */
  readonly macsPerSecond: number;
  readonly numerics: EngineNumerics;
}

/** What `model bench --json` prints. */
export interface BenchReport {
  readonly model: string;
  readonly engines: readonly EngineTiming[];
}

/**
 * Measures engines in turn, `runs` times round, on one random input.
 *
 * @param notice hears which engine is left out and why
 * @throws ModelError when our own engine refuses the model
 */
export function benchModel(
  path: string,
  bytes: Uint8Array,
  engines: readonly InferenceEngine[],
  runs: number,
  notice: (line: string) => void,
): BenchReport {
  const options = { engine: createEngine(), limits, keepActivations: false };
  const { multiplyAdds } = createInterpreter(readModel(bytes, limits), options);
  const measured = engines.flatMap((engine) => {
    const model = loadOrSay(engine, bytes, notice);
    return model === null ? [] : [{ engine, model, sampler: samplerOf(model) }];
  });
  try {
    for (let run = 0; run < runs; run++) for (const { sampler } of measured) sampler.take();
  } finally {
    for (const { model } of measured) model.close();
  }
  return {
    model: path,
    engines: measured.map(({ engine, sampler }) => {
      const [p50, p99] = [sampler.quantileNs(0.5), sampler.quantileNs(0.99)];
      return {
        name: engine.name,
        p50Us: round(p50 / 1e3),
        p99Us: round(p99 / 1e3),
        macsPerSecond: Math.round((multiplyAdds / p50) * 1e9),
        numerics: engine.numerics,
      };
    }),
  };
}

function samplerOf(model: RunnableModel): Sampler {
  createInputs(0)(model.inputs);
  model.invoke();
  return new Sampler(model.timeNs ?? timedBy(monotonicNs, model.invoke));
}

function loadOrSay(engine: InferenceEngine, bytes: Uint8Array, notice: (line: string) => void): RunnableModel | null {
  try {
    return engine.load(bytes, limits);
  } catch (error) {
    if (engine.name !== 'native' || !(error instanceof EngineError || error instanceof ModelError)) throw error;
    notice(`${engine.name} is left out: ${error.message}`);
    return null;
  }
}

/** Nanoseconds are the last digits that mean anything. */
function round(us: number): number {
  return Number(us.toFixed(3));
}
