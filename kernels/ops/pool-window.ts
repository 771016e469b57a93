import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { requireShape } from './shapes.ts';

/** `Padding` of the schema. */
const SAME = 0;
const VALID = 1;

/** Elements that one inference may look at: no real model comes near, and a hostile one must not hang for minutes. */
const ELEMENTS_VISITED_MAX = 268_435_456;

/** Where windows lie along one dimension, in pixels; parts of a window outside of the input do not count. */
export interface WindowAxis {
  readonly size: number;
  readonly filter: number;
  readonly stride: number;
  /** Pixels before the input that the first window covers. */
  readonly before: number;
  readonly windows: number;
}

/** Windows of a pool over [batch, height, width, channels]. */
export interface PoolWindows {
  readonly batch: number;
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
  readonly channels: number;
  /** Pixels in the largest window, as far as it lies inside. */
  readonly pixelsMax: number;
}

/** Checks the geometry of a pool against its output. */
export function readWindows(context: PrepareContext, input: OperatorTensor, output: OperatorTensor): PoolWindows {
  const { shape } = input.tensor;
  const [batch, height, width, channels] = shape;
  if (shape.length !== 4 || batch === undefined || channels === undefined) {
    return context.refuse(`pools [${shape}], which is not [batch, height, width, channels]`);
  }
  const rows = windowAxis(context, height!, context.option('filterHeight'), context.option('strideH'));
  const columns = windowAxis(context, width!, context.option('filterWidth'), context.option('strideW'));
  requireShape(context, output, [batch, rows.windows, columns.windows, channels]);
  const pixelsMax = Math.min(rows.filter, rows.size) * Math.min(columns.filter, columns.size);
  if (output.elements * pixelsMax > ELEMENTS_VISITED_MAX) {
    context.refuse(`looks at ${output.elements * pixelsMax} elements, ${ELEMENTS_VISITED_MAX} is the most`);
  }
  return { batch, rows, columns, channels, pixelsMax };
}

function windowAxis(context: PrepareContext, size: number, filter: number, stride: number): WindowAxis {
  if (filter < 1 || stride < 1) context.refuse(`has a filter of ${filter} and a stride of ${stride}`);
  const padding = context.option('padding');
  if (padding === VALID) {
    if (filter > size) context.refuse(`has a filter of ${filter} for ${size} pixels and no padding`);
    return { size, filter, stride, before: 0, windows: Math.floor((size - filter) / stride) + 1 };
  }
  if (padding !== SAME) context.refuse(`has the unknown padding ${padding}`);
  const windows = Math.ceil(size / stride);
  const before = Math.floor(Math.max(0, (windows - 1) * stride + filter - size) / 2);
  return { size, filter, stride, before, windows };
}

/**
 * What one window does: `pixels` are those of its first row, from element `from` of the input on; there are `rows` of
 * them, `step` elements apart; the result belongs to element `to` of the output.
 */
export type WindowVisitor = (from: number, rows: number, step: number, pixels: number, to: number) => void;

/** Visits all windows, with their first elements counted from `from` and `to`. */
export function visitWindows(windows: PoolWindows, from: number, to: number, visit: WindowVisitor): void {
  const { batch, rows, columns, channels } = windows;
  const step = columns.size * channels;
  let at = to;
  for (let image = 0; image < batch; image++) {
    const top = from + image * rows.size * step;
    for (let y = 0; y < rows.windows; y++) {
      const rowFirst = y * rows.stride - rows.before;
      const rowBegin = Math.max(0, rowFirst);
      const rowCount = Math.min(rows.size, rowFirst + rows.filter) - rowBegin;
      for (let x = 0; x < columns.windows; x++) {
        const first = x * columns.stride - columns.before;
        const begin = Math.max(0, first);
        const pixels = Math.min(columns.size, first + columns.filter) - begin;
        visit(top + rowBegin * step + begin * channels, rowCount, step, pixels, at);
        at += channels;
      }
    }
  }
}
