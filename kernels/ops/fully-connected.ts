import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { prepareCompiledConvolution } from './compiled/convolution.ts';
import { prepareCompiledDense } from './compiled/dense.ts';
import { denseGeometry } from './convolution-geometry.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import { preparePlainAdaptable } from './plain/adaptable.ts';
import { preparePlainFullyConnected } from './plain/fully-connected.ts';
import type { PrepareContext } from './prepare-context.ts';
import { int8Weights, isInt8Layer, weightScales, weightTensor } from './weights.ts';

/**
 * FULLY_CONNECTED: y[c] = clamp(rne((b[c] + Σ_k w[c,k] (x[k] − z_x)) × s_x s_w[c] / s_y) + z_y), int8, weights
 * quantised per tensor or per output channel, with the low-rank side path in the accumulator when adapters are given.
 * Numbers as XNNPACK's qs8 and qc8w fully-connected with fp32 requantisation.
 */
export const fullyConnected: OperatorKernel = { code: Builtin.fullyConnected, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  if (context.option('weightsFormat') !== 0) context.refuse('has shuffled weights: export them in the default format');
  const input = context.activation(0);
  const weights = weightTensor(context);
  if (!isInt8Layer(context, input, weights)) return preparePlainFullyConnected(context);
  const output = context.output();
  context.requireType(output, TensorType.int8);
  const refuse = context.refuse.bind(context);
  const geometry = denseGeometry(weights.tensor.shape, input.elements, output.elements, refuse);
  const layer = {
    geometry,
    input,
    output,
    weights: int8Weights(weights),
    weightScale: weightScales(context, weights, geometry.outputChannels),
    flat: true,
  };
  if (!context.isCompiled) return preparePlainAdaptable(context, layer);
  const rows = geometry.batch * geometry.inputHeight * geometry.inputWidth;
  return rows === 1 ? prepareCompiledDense(context, layer) : prepareCompiledConvolution(context, layer);
}
