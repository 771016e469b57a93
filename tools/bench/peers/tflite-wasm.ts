import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monotonicNs, timedBy } from '../../model/measure/sampler.ts';
import { type Peer, peerRequire } from './peer.ts';

interface TensorList {
  get(index: number): { data(): Int8Array };
}

interface Runner {
  GetInputs(): TensorList;
  GetOutputs(): TensorList;
  Infer(): boolean;
}

interface Tflite {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(
      address: number,
      bytes: number,
      options: object,
    ): { ok(): boolean; errorMessage(): string; value(): Runner };
  };
}

const OPTIONS = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024 };

/** TensorFlow Lite with XNNPACK in wasm SIMD, as `@tensorflow/tfjs-tflite` brings it, without the layer above. */
export async function openTfliteWasm(): Promise<Peer> {
  const folder = join(dirname(peerRequire.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm');
  const start = peerRequire(join(folder, 'tflite_web_api_cc_simd.js')) as (options: object) => Promise<Tflite>;
  const wasmBinary = readFileSync(join(folder, 'tflite_web_api_cc_simd.wasm'));
  const silent = (): void => {};
  const tflite = await start({ wasmBinary, print: silent, printErr: silent });
  return {
    name: 'tfjs-tflite wasm',
    load: async (model) => {
      // Never freed: the runner goes on using the bytes.
      const address = tflite._malloc(model.length);
      tflite.HEAPU8.set(model, address);
      const created = tflite.TFLiteWebModelRunner.CreateFromBufferAndOptions(address, model.length, OPTIONS);
      if (!created.ok()) throw new Error(created.errorMessage());
      const runner = created.value();
      return {
        run: (input) => {
          runner.GetInputs().get(0).data().set(input);
          runner.Infer();
          return runner.GetOutputs().get(0).data().slice();
        },
        timed: timedBy(monotonicNs, () => void runner.Infer()),
        close: silent,
      };
    },
  };
}
