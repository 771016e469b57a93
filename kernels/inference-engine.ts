import { createInterpreter } from './interpreter.ts';
import type { ModelLimits } from './limits.ts';
import type { Numerics } from './numerics.ts';
import type { TensorView } from './tensor-view.ts';
import { readModel } from './tflite/reader.ts';
import { createEngine } from './wasm/engine.ts';

/** How an engine rounds: ours, or `tflite-builtin`, TFLite's own kernels, whose last bits differ between processors. */
export type EngineNumerics = Numerics | 'tflite-builtin';

/** Something that runs frozen models: the interpreter of this package, or another one behind the same words. */
export interface InferenceEngine {
  readonly name: string;
  readonly numerics: EngineNumerics;
  /**
   * Every engine runs only what `readModel` has verified.
   * @throws ModelError the model is damaged, too large, or not for this engine
   * @throws EngineError the engine itself cannot run
   */
  load(model: Uint8Array, limits: ModelLimits): RunnableModel;
}

/** A loaded model: write `inputs`, `invoke`, read `outputs`. */
export interface RunnableModel {
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  /** @throws EngineError the engine broke down; the model is then closed */
  invoke(): void;
  /**
   * Nanoseconds that `calls` inferences take inside the engine; null where the caller's own clock says the same. An
   * engine in another process has one, so that the way there is not counted as its work.
   */
  readonly timeNs: ((calls: number) => number) | null;
  /** Gives back what the model holds outside of this process's memory. */
  close(): void;
}

/** Our engine: `wasm` is what a node runs, `plain` the same operators without WebAssembly SIMD. */
export function ownEngine(name: 'wasm' | 'plain'): InferenceEngine {
  return {
    name,
    numerics: 'fp32-rne',
    load(bytes, limits) {
      const engine = createEngine({ kernels: name === 'plain' ? 'plain' : 'compiled' });
      const interpreter = createInterpreter(readModel(bytes, limits), { engine, limits, keepActivations: false });
      const { inputs, outputs } = interpreter;
      return { inputs, outputs, invoke: () => interpreter.invoke(), timeNs: null, close: () => {} };
    },
  };
}
