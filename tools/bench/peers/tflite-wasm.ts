import { monotonicNs, timedBy } from '../../model/measure/sampler.ts';
import { type Peer, peerRequire } from './peer.ts';
import { loadTflite, startTflite } from './tflite-module.ts';

/** TensorFlow Lite with XNNPACK in wasm SIMD, as `@tensorflow/tfjs-tflite` brings it. */
export async function openTfliteWasm(): Promise<Peer> {
  const tflite = await startTflite(peerRequire);
  return {
    name: 'tfjs-tflite wasm',
    load: async (model) => {
      const runner = loadTflite(tflite, model);
      return {
        run: (input) => {
          runner.GetInputs().get(0).data().set(input);
          runner.Infer();
          return runner.GetOutputs().get(0).data().slice() as Int8Array;
        },
        timed: timedBy(monotonicNs, () => void runner.Infer()),
        close: () => {},
      };
    },
  };
}
