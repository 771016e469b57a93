import { ModelError } from '../../../kernels/errors.ts';
import { Builtin } from '../../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../../kernels/tflite/model.ts';

/**
 * Refuses what the addon's TensorFlow Lite (2.9) takes without a word and computes wrongly: dense weights with a scale
 * per channel, of which it makes the same answer for every input..
 *
 * @throws ModelError `unsupportedModel`
 */
export const requireNativeSuits = ({ operatorCodes, subgraph }: TfliteModel): void => {
  for (const [index, { opcodeIndex, inputs }] of subgraph.operators.entries()) {
    if (operatorCodes[opcodeIndex]!.builtin !== Builtin.fullyConnected) continue;
    const scales = subgraph.tensors[inputs[1] ?? -1]?.quantisation?.scale.length ?? 0;
    if (scales <= 1) continue;
    const what = `operator ${index} (FULLY_CONNECTED) has a scale per channel`;
    const mend = 'run the model on the engine "wasm"';
    throw new ModelError('unsupportedModel', `${what}, which the native engine computes wrongly: ${mend}`);
  }
};
