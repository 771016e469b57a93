import { Builtin } from '../tflite/builtin-operator.ts';
import { elementBytes } from './element-bytes.ts';
import { type OperatorKernel, type PreparedOperator, plainOperator } from './operator.ts';
import type { PrepareContext } from './prepare-context.ts';
import { requireShape } from './shapes.ts';

/** RESIZE_NEAREST_NEIGHBOR of [batch, height, width, channels] to the height and width in input 1. */
export const resizeNearestNeighbor: OperatorKernel = { code: Builtin.resizeNearestNeighbor, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 2);
  const input = context.operand(0);
  const output = context.output();
  context.requireType(output, input.tensor.type);
  const [batch, height, width, channels] = input.tensor.shape;
  if (input.tensor.shape.length !== 4 || batch === undefined || channels === undefined) {
    return context.refuse(`resizes [${input.tensor.shape}], which is not [batch, height, width, channels]`);
  }
  const [newHeight, newWidth, ...more] = context.integers(1);
  if (newHeight === undefined || newWidth === undefined || more.length > 0) return context.refuse('needs two sizes');
  requireShape(context, output, [batch, newHeight, newWidth, channels]);
  const alignCorners = context.option('alignCorners') !== 0;
  const halfPixelCenters = context.option('halfPixelCenters') !== 0;
  const pixel = channels * elementBytes(context, input);
  const nearest = (size: number, newSize: number): Int32Array =>
    Int32Array.from({ length: newSize }, (_, at) => nearestIndex(at, size, newSize, alignCorners, halfPixelCenters));
  const rows = nearest(height!, newHeight);
  const columns = nearest(width!, newWidth).map((column) => column * pixel);
  const memory = context.engine.uint8;
  const row = width! * pixel;
  const newRow = newWidth * pixel;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index);
    const to = addresses.tensor(output.index);
    return () => {
      for (let image = 0; image < batch; image++) {
        const source = from + image * height! * row;
        const target = to + image * newHeight * newRow;
        for (let y = 0; y < newHeight; y++) {
          const line = target + y * newRow;
          // Rows that came from the same one are equal: repeat the last line as a whole.
          if (y > 0 && rows[y] === rows[y - 1]) memory.copyWithin(line, line - newRow, line);
          else stretchRow(memory, columns, source + rows[y]! * row, line, pixel);
        }
      }
    };
  });
}

function stretchRow(memory: Uint8Array, columns: Int32Array, from: number, to: number, pixel: number): void {
  let at = to;
  for (let x = 0; x < columns.length; x++) {
    const source = from + columns[x]!;
    for (let byte = 0; byte < pixel; byte++) memory[at++] = memory[source + byte]!;
  }
}

/** Index in the input for index `at` of the output, in float32 (resize_nearest_neighbor.h, `GetNearestNeighbor`). */
export function nearestIndex(
  at: number,
  size: number,
  newSize: number,
  alignCorners: boolean,
  halfPixelCenters: boolean,
): number {
  const corners = alignCorners && newSize > 1;
  const scale = corners ? Math.fround((size - 1) / (newSize - 1)) : Math.fround(size / newSize);
  const place = Math.fround(Math.fround(at + (halfPixelCenters ? 0.5 : 0)) * scale);
  // Places are not negative, so half away from zero is half up.
  return Math.min(size - 1, Math.floor(alignCorners ? place + 0.5 : place));
}
