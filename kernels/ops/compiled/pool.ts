import {
  HIGHEST,
  INPUT,
  KIND_POOL,
  LOWEST,
  OUT_CHANNELS,
  OUT_WIDE,
  OUTPUT,
  OUTPUT_OFFSETS,
  PIXELS,
  POOL_MODE,
  POOL_PIXEL_BYTES,
  POOL_ROW_BYTES,
  POOL_SCALE,
  POOL_ZERO_POINT,
  WINDOWS,
  ZERO_POINT,
} from '../../wasm/assembly/records.ts';
import { noBorder, type WideLayout } from '../../wide-layout.ts';
import type { PreparedOperator } from '../operator.ts';
import type { PoolWindows, WindowAxis } from '../pool-window.ts';
import type { OperatorTensor, PrepareContext } from '../prepare-context.ts';
import { offsetTable, outputOffsets } from './offsets.ts';

/** What becomes of a window, after the names of records.ts. */
export interface PoolRounding {
  readonly mode: number;
  /** Range of the output. */
  readonly range: readonly [number, number];
  /** Of POOL_SCALED. */
  readonly scale?: number;
}

/** Values whose average the kernel rounds exactly. */
export const AVERAGED_MAX = 65_536;

/** Whether the compiled kernels take a pool; without one scale at each end only its plain form makes sense of it. */
export function suitsCompiledPool(context: PrepareContext, input: OperatorTensor, output: OperatorTensor): boolean {
  const isQuantised = [input, output].every(({ tensor }) => tensor.quantisation?.scale.length === 1);
  return context.isCompiled && context.isInt8(input) && context.isComputed(input) && isQuantised;
}

/** AVERAGE_POOL_2D, MAX_POOL_2D, or MEAN over pixels, of int8, on the compiled kernels. */
export function prepareCompiledPool(
  context: PrepareContext,
  tensors: { readonly input: OperatorTensor; readonly output: OperatorTensor },
  windows: PoolWindows,
  { mode, range, scale = 0 }: PoolRounding,
): PreparedOperator {
  const { input, output } = tensors;
  const [from, to] = [context.quantisation(input), context.quantisation(output)];
  const pixels = windows.batch * windows.rows.windows * windows.columns.windows;
  return {
    multiplyAdds: 0,
    adaptable: false,
    wide: { inputs: [{ tensor: input.index, border: noBorder, flat: false }], output: true },
    bind: (addresses) => {
      const source = addresses.wide(input.index);
      const target = addresses.output(output.index);
      const table = windowTable(context, windows, source.layout!);
      const offsets = offsetTable(context, pixels, outputOffsets(target, windows.channels));
      return {
        adapterPoint: null,
        records: [
          {
            kind: KIND_POOL,
            write: (record) => {
              record
                .int(INPUT, source.address)
                .int(OUTPUT, target.address)
                .int(OUT_CHANNELS, windows.channels)
                .int(OUT_WIDE, target.layout === null ? 0 : 1)
                .int(ZERO_POINT, to.zeroPoint)
                .int(PIXELS, pixels)
                .int(OUTPUT_OFFSETS, offsets)
                .int(WINDOWS, table)
                .int(POOL_ROW_BYTES, source.layout!.rowBytes)
                .int(POOL_PIXEL_BYTES, source.layout!.pixelBytes)
                .int(POOL_MODE, mode)
                .float(POOL_SCALE, scale)
                .int(POOL_ZERO_POINT, from.zeroPoint)
                .int(LOWEST, range[0])
                .int(HIGHEST, range[1]);
            },
          },
        ],
      };
    },
  };
}

/** Address of three words a pixel: byte offset of the first pixel of its window inside the input, rows, columns. */
function windowTable(context: PrepareContext, windows: PoolWindows, layout: WideLayout): number {
  const { batch, rows, columns } = windows;
  const { imageBytes, rowBytes, pixelBytes } = layout;
  const axes = [rows, columns].map(({ size, filter, stride, before }) => [size, filter, stride, before]);
  return context.sharedInts(`windows ${[batch, ...axes, imageBytes, rowBytes, pixelBytes]}`, () => {
    const table = new Int32Array(batch * rows.windows * columns.windows * 3);
    let at = 0;
    for (let image = 0; image < batch; image++) {
      for (let y = 0; y < rows.windows; y++) {
        const [top, height] = inside(rows, y);
        for (let x = 0; x < columns.windows; x++) {
          const [left, width] = inside(columns, x);
          table[at++] = image * imageBytes + top * rowBytes + left * pixelBytes;
          table[at++] = height;
          table[at++] = width;
        }
      }
    }
    return table;
  });
}

/** First pixel of a window inside the input, and how many of its pixels lie there. */
function inside({ size, filter, stride, before }: WindowAxis, window: number): readonly [number, number] {
  const first = window * stride - before;
  const begin = Math.max(0, first);
  return [begin, Math.min(size, first + filter) - begin];
}
