import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type TensorValues = Int8Array | Int16Array | Int32Array | Float32Array;

/** Data of one tensor of the oracle's model; a live view into its memory, renewed by every call of `data`. */
interface OracleTensor {
  data(): TensorValues;
  readonly shape: string;
}

interface TensorList {
  size(): number;
  get(index: number): OracleTensor;
}

interface Runner {
  GetInputs(): TensorList;
  GetOutputs(): TensorList;
  Infer(): boolean;
}

interface TfliteModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(
      address: number,
      bytes: number,
      options: { numThreads: number; enableProfiling: boolean; maxProfilingBufferEntries: number },
    ): { ok(): boolean; errorMessage(): string; value(): Runner };
  };
}

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
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm');
  const start = require(join(folder, 'tflite_web_api_cc_simd.js')) as (options: object) => Promise<TfliteModule>;
  const silent = () => undefined;
  const wasmBinary = readFileSync(join(folder, 'tflite_web_api_cc_simd.wasm'));
  const tflite = await start({ wasmBinary, print: silent, printErr: silent });
  return { load: (model) => load(tflite, model) };
}

function load(tflite: TfliteModule, model: Uint8Array): OracleModel {
  // Never freed: the runner goes on using the bytes, and a test loads a few models only.
  const address = tflite._malloc(model.length);
  tflite.HEAPU8.set(model, address);
  const created = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(address, model.length, {
    numThreads: 1,
    enableProfiling: false,
    maxProfilingBufferEntries: 1024,
  });
  if (!created.ok()) throw new Error(`TFLite refuses the model: ${created.errorMessage()}`);
  const runner = created.value();
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
}
