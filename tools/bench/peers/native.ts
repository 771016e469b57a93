import { openNativeEngine } from '../../../firmware/io/native-engine.ts';
import { defaultModelLimits } from '../../../kernels/limits.ts';
import { type Peer, peerRequire } from './peer.ts';

/** TensorFlow Lite's own kernels for this processor (tfjs-tflite-node), in a process of its own and timed inside. */
export function openNative(): Peer {
  const engine = openNativeEngine(peerRequire.resolve('tfjs-tflite-node/build/Release/node_tflite_binding.node'));
  return {
    name: 'tfjs-tflite-node',
    load: async (bytes) => {
      const model = engine.load(bytes, defaultModelLimits);
      return {
        run: (input) => {
          model.inputs[0]!.data.set(input);
          model.invoke();
          return model.outputs[0]!.data.slice() as Int8Array;
        },
        timed: model.timeNs!,
        close: () => model.close(),
      };
    },
  };
}
