import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import { matmulFloat32, matmulInt8, matmulInt16 } from './batch-matmul-arithmetic.ts';
import { type MatmulGeometry, matmulGeometry } from './batch-matmul-geometry.ts';
import { multiplyByQuantisedMultiplier, type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import { multiplySingleRounding, singleRounding } from './fixed-point-single.ts';
import { WIDE_SHIFT_MAX, wideMultiplier } from './fixed-point-wide.ts';
import { type BoundAddresses, type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Products of two int16 reach 2^30; so many of them stay below 2^48, which `multiplyWide` takes. */
const INT16_DEPTH_MAX = 262_144;

/**
 * BATCH_MATMUL: the product of two stacks of matrices, either of which may be constant; int8, int16 or float32. XNNPACK
 * leaves quantised products to TFLite's builtin kernel, whose int8 form rounds once (ruy) and not in two stages.
 */
export const batchMatmul: OperatorKernel = { code: Builtin.batchMatmul, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const lhs = context.operand(0);
  const rhs = context.operand(1);
  const output = context.output();
  const { type } = output.tensor;
  if (lhs.tensor.type !== type && rhs.tensor.type === type) context.refuse('is hybrid: quantise its inputs as well');
  context.requireType(lhs, type);
  context.requireType(rhs, type);
  const adjoint = (name: string): boolean => context.option(name) !== 0;
  const geometry = matmulGeometry(lhs.tensor.shape, rhs.tensor.shape, adjoint('adjX'), adjoint('adjY'));
  if (typeof geometry === 'string') return context.refuse(geometry);
  if (geometry.outputShape.join() !== output.tensor.shape.join()) {
    return context.refuse(`has the output shape [${output.tensor.shape}] instead of [${geometry.outputShape}]`);
  }
  const bind = binder(context, geometry, lhs, rhs, output);
  return plainOperator(bind, { multiplyAdds: output.elements * geometry.depth });
}

/** The arithmetic of the operands' type over views of their memory. */
function binder(
  context: PrepareContext,
  geometry: MatmulGeometry,
  lhs: OperatorTensor,
  rhs: OperatorTensor,
  output: OperatorTensor,
): (addresses: BoundAddresses) => () => void {
  const { buffer } = context.engine.uint8;
  switch (output.tensor.type) {
    case TensorType.int8: {
      const parameters = {
        lhsZeroPoint: context.quantisation(lhs).zeroPoint,
        rhsZeroPoint: context.quantisation(rhs).zeroPoint,
        outputZeroPoint: context.quantisation(output).zeroPoint,
        requantise: requantisation(context, outputMultiplier(context, lhs, rhs, output)),
      };
      return ({ tensor }) => {
        const x = new Int8Array(buffer, tensor(lhs.index), lhs.elements);
        const y = new Int8Array(buffer, tensor(rhs.index), rhs.elements);
        const out = new Int8Array(buffer, tensor(output.index), output.elements);
        return () => matmulInt8(geometry, parameters, x, y, out);
      };
    }
    case TensorType.int16: {
      if (geometry.depth > INT16_DEPTH_MAX) context.refuse(`sums ${geometry.depth} int16 products`);
      for (const operand of [lhs, rhs, output]) requireSymmetric(context, operand);
      const multiplier = wideMultiplier(outputMultiplier(context, lhs, rhs, output, WIDE_SHIFT_MAX));
      return ({ tensor }) => {
        const x = new Int16Array(buffer, tensor(lhs.index), lhs.elements);
        const y = new Int16Array(buffer, tensor(rhs.index), rhs.elements);
        const out = new Int16Array(buffer, tensor(output.index), output.elements);
        return () => matmulInt16(geometry, multiplier, x, y, out);
      };
    }
    case TensorType.float32:
      return ({ tensor }) => {
        const x = new Float32Array(buffer, tensor(lhs.index), lhs.elements);
        const y = new Float32Array(buffer, tensor(rhs.index), rhs.elements);
        const out = new Float32Array(buffer, tensor(output.index), output.elements);
        return () => matmulFloat32(geometry, x, y, out);
      };
    default:
      return context.refuse('multiplies numbers that are neither int8, int16 nor float32');
  }
}

function requantisation(context: PrepareContext, multiplier: QuantisedMultiplier): (accumulator: number) => number {
  if (context.numerics === 'reference') return (accumulator) => multiplyByQuantisedMultiplier(accumulator, multiplier);
  const once = singleRounding(multiplier);
  return (accumulator) => multiplySingleRounding(accumulator, once);
}

function requireSymmetric(context: PrepareContext, operand: OperatorTensor): void {
  const { zeroPoint } = context.quantisation(operand);
  if (zeroPoint !== 0) context.refuse(`has the zero point ${zeroPoint} on an int16 tensor`);
}

/** s_lhs × s_rhs in float32, divided by s_out as doubles (kernel_util.cc, `GetQuantizedConvolutionMultipler`). */
function outputMultiplier(
  context: PrepareContext,
  lhs: OperatorTensor,
  rhs: OperatorTensor,
  output: OperatorTensor,
  shiftMax = 30,
): QuantisedMultiplier {
  const product = Math.fround(context.quantisation(lhs).scale * context.quantisation(rhs).scale);
  const factor = product / context.quantisation(output).scale;
  const multiplier = factor > 0 && factor < Infinity ? quantiseMultiplier(factor) : null;
  if (multiplier === null || multiplier.shift > shiftMax) {
    return context.refuse(`changes the scale by a factor of ${factor}`);
  }
  return multiplier;
}
