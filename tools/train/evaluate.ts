import { ComputeGraph } from '../../kernels/graph/compute-graph.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { argMax, FloatForward } from '../../kernels/quantise/forward.ts';
import { type Network, sizeOf } from '../../kernels/quantise/network.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';

/** Share of rows of `inputs` [rows x features] that the float network gives the class `truth`. */
export function floatAccuracy(network: Network, inputs: Float32Array, truth: Int16Array): number {
  const features = sizeOf(network.input);
  const forward = new FloatForward(network);
  return shareRight(truth, (row) => argMax(forward.run(inputs.subarray(row * features, (row + 1) * features))));
}

/** Rows that are evaluated together. */
const BATCH = 256;

/** The same for the int8 model, run by the engine that the node uses; the logits decide. */
export function int8Accuracy(model: TfliteModel, inputs: Float32Array, truth: Int16Array): number {
  const engine = createEngine();
  const interpreter = createInterpreter(model, { engine, limits: defaultModelLimits, keepActivations: false });
  const features = interpreter.inputs[0]!.data.length;
  const graph = new ComputeGraph(engine);
  const batch = graph.input(Math.min(BATCH, Math.max(1, truth.length)), features);
  const rows = new Float32Array(batch.rows * features);
  const logits = graph.model(batch, interpreter).logits();
  return shareRight(truth, (row) => {
    const at = row % batch.rows;
    if (at === 0) {
      // The rest of the last batch keeps older rows, which nobody asks for.
      rows.set(inputs.subarray(row * features, Math.min(truth.length, row + batch.rows) * features));
      batch.set(rows);
    }
    return argMax(logits.read().subarray(at * logits.columns, (at + 1) * logits.columns));
  });
}

function shareRight(truth: Int16Array, classify: (row: number) => number): number {
  let right = 0;
  for (let row = 0; row < truth.length; row += 1) if (classify(row) === truth[row]) right += 1;
  return truth.length === 0 ? 0 : right / truth.length;
}
