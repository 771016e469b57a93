import type { InferenceEngine } from '../../kernels/inference-engine.ts';
import { type AdapterSet, findLogits, type TensorView } from '../../kernels/interpreter.ts';
import type { ModelLimits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { withOutputs } from '../../kernels/tflite/with-outputs.ts';

/** What runs a window's features through the model: our interpreter is one. */
export interface Runner {
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  /** What a final SOFTMAX reads, else the first output. */
  readonly logits: TensorView;
  invoke(adapters?: AdapterSet): void;
}

/**
 * Another engine as a runner, for the frozen model only. Engines show the ends of a model and nothing between: one that
 * ends in a SOFTMAX gets its logits as one more output, so that decisions are read from the same place.
 *
 * @throws EngineError, ModelError from the engine
 */
export function foreignRunner(
  engine: InferenceEngine,
  model: TfliteModel,
  bytes: Uint8Array,
  limits: ModelLimits,
): Runner {
  const { outputs: ends } = model.subgraph;
  const logits = findLogits(model);
  const shown = ends.includes(logits);
  const outputs = shown ? ends : [...ends, logits];
  const file = shown ? bytes : withOutputs(bytes, outputs);
  const loaded = engine.load(file, limits);
  return {
    inputs: loaded.inputs,
    outputs: loaded.outputs,
    logits: loaded.outputs[outputs.indexOf(logits)]!,
    invoke: () => loaded.invoke(),
  };
}
