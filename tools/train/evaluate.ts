import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { argMax, type DenseNetwork, denseForward } from '../../kernels/quantise/dense-network.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';

/** Share of rows of `inputs` [rows x features] that the float network gives the class `truth`. */
export function floatAccuracy(network: DenseNetwork, inputs: Float32Array, truth: Int16Array): number {
  const features = network.layers[0]!.inFeatures;
  const outputs = network.layers.map((layer) => new Float32Array(layer.outFeatures));
  return shareRight(truth, (row) => {
    let x = inputs.subarray(row * features, (row + 1) * features);
    network.layers.forEach((layer, l) => {
      denseForward(layer, x, outputs[l]!);
      x = outputs[l]!;
    });
    return argMax(x);
  });
}

/** The same for the int8 model, run by the engine that the node uses; the logits decide. */
export function int8Accuracy(model: TfliteModel, inputs: Float32Array, truth: Int16Array): number {
  const options = { engine: createEngine(), limits: defaultModelLimits, keepActivations: false };
  const interpreter = createInterpreter(model, options);
  const input = interpreter.inputs[0]!;
  const data = input.data as Int8Array;
  return shareRight(truth, (row) => {
    quantiseInto(inputs.subarray(row * data.length, (row + 1) * data.length), input.scale, input.zeroPoint, data);
    interpreter.invoke();
    return argMax(interpreter.logits.data);
  });
}

function shareRight(truth: Int16Array, classify: (row: number) => number): number {
  let right = 0;
  for (let row = 0; row < truth.length; row += 1) if (classify(row) === truth[row]) right += 1;
  return truth.length === 0 ? 0 : right / truth.length;
}
