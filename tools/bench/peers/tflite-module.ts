import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type TensorValues = Int8Array | Int16Array | Int32Array | Float32Array;

/** Data of one tensor of a loaded model; a live view into TFLite's memory, renewed by every call of `data`. */
export interface TfliteTensor {
  data(): TensorValues;
  readonly shape: string;
}

export interface TfliteTensors {
  size(): number;
  get(index: number): TfliteTensor;
}

/** A model that TFLite has loaded. */
export interface TfliteRunner {
  GetInputs(): TfliteTensors;
  GetOutputs(): TfliteTensors;
  Infer(): boolean;
}

/** TensorFlow Lite with XNNPACK in wasm SIMD, as its makers compile it, without the layer above. */
export interface TfliteModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(
      address: number,
      bytes: number,
      options: object,
    ): { ok(): boolean; errorMessage(): string; value(): TfliteRunner };
  };
}

const OPTIONS = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024 };

/** @param require resolves `@tensorflow/tfjs-tflite` */
export async function startTflite(require: NodeJS.Require): Promise<TfliteModule> {
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm');
  const start = require(join(folder, 'tflite_web_api_cc_simd.js')) as (options: object) => Promise<TfliteModule>;
  const wasmBinary = readFileSync(join(folder, 'tflite_web_api_cc_simd.wasm'));
  const silent = (): void => {};
  return start({ wasmBinary, print: silent, printErr: silent });
}

/** @throws Error when TFLite refuses the model. */
export function loadTflite(tflite: TfliteModule, model: Uint8Array): TfliteRunner {
  // Never freed: the runner goes on using the bytes, and a few models only are loaded.
  const address = tflite._malloc(model.length);
  tflite.HEAPU8.set(model, address);
  const created = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(address, model.length, OPTIONS);
  if (!created.ok()) throw new Error(`TFLite refuses the model: ${created.errorMessage()}`);
  return created.value();
}
