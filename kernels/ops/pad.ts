import { Builtin } from '../tflite/builtin-operator.ts';
import { prepareBorder } from './border.ts';
import { elementBytes } from './element-bytes.ts';
import type { OperatorKernel, PreparedOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';

/** PAD: zeros around the input, which in a quantised tensor are its zero point (the output's, as TFLite has it). */
export const pad: OperatorKernel = { code: Builtin.pad, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const output = context.output();
  const zero = new DataView(new ArrayBuffer(elementBytes(context, output)));
  const zeroPoint = output.tensor.quantisation?.zeroPoint[0] ?? 0;
  if (zero.byteLength === 1) zero.setInt8(0, zeroPoint);
  if (zero.byteLength === 2) zero.setInt16(0, zeroPoint, true);
  return prepareBorder(context, output, new Uint8Array(zero.buffer));
}
