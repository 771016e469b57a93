import { createRequire } from 'node:module';
import { loadTflite, startTflite, type TensorValues } from '../../tools/bench/peers/tflite-module.ts';

export type { TensorValues } from '../../tools/bench/peers/tflite-module.ts';

/** A model loaded by TensorFlow Lite itself. */
export interface OracleModel {
  /** One inference on the first input; a copy of the first output. */
  run(input: TensorValues): TensorValues;
  /** One inference; copies of all outputs. */
  runAll(inputs: readonly TensorValues[]): TensorValues[];
  /** One inference on the input of the last `run`, for timing. */
  infer(): void;
}

export interface Oracle {
  /** @throws Error when TFLite refuses the model. */
  load(model: Uint8Array): OracleModel;
}

/**
 * TensorFlow Lite with XNNPACK, compiled to wasm by its makers (`@tensorflow/tfjs-tflite`): the proof from outside that
 * files load elsewhere and that results agree to the bit.
 */
export async function createOracle(): Promise<Oracle> {
  const tflite = await startTflite(createRequire(import.meta.url));
  return {
    load: (model) => {
      const runner = loadTflite(tflite, model);
      const runAll = (inputs: readonly TensorValues[]): TensorValues[] => {
        for (const [index, values] of inputs.entries()) runner.GetInputs().get(index).data().set(values);
        if (!runner.Infer()) throw new Error('TFLite failed to run the model');
        const outputs = runner.GetOutputs();
        return Array.from({ length: outputs.size() }, (_, index) => outputs.get(index).data().slice());
      };
      return {
        runAll,
        run: (input) => runAll([input])[0]!,
        infer: () => void runner.Infer(),
      };
    },
  };
}
