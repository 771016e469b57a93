import { type PoolWindows, readWindows, visitWindows, type WindowVisitor } from '../ops/pool-window.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import { ClampMask, clampRangeOf } from './clamp-mask.ts';
import type { GradientPlaces, GradientRule } from './rule.ts';

/** AVERAGE_POOL_2D: each input inside a window gets its share of the window's slope. */
export function averagePoolRule(context: PrepareContext): GradientRule | null {
  return poolRule(context, ({ float32 }, { channels }, places) => {
    const dx = places.inputs[0]!;
    return (from, rows, step, pixels, to) => {
      const count = rows * pixels;
      for (let row = 0; row < rows; row++) {
        for (let pixel = 0; pixel < pixels; pixel++) {
          const at = dx + from + row * step + pixel * channels;
          for (let c = 0; c < channels; c++) float32[at + c]! += float32[places.output + to + c]! / count;
        }
      }
    };
  });
}

/** MAX_POOL_2D: the first of the largest inputs of a window gets its slope. */
export function maxPoolRule(context: PrepareContext): GradientRule | null {
  const input = context.activation(0).index;
  return poolRule(context, ({ float32 }, { channels }, places) => {
    const dx = places.inputs[0]!;
    const stored = places.stored(input);
    return (from, rows, step, pixels, to) => {
      for (let c = 0; c < channels; c++) {
        let best = from + c;
        for (let row = 0; row < rows; row++) {
          for (let pixel = 0; pixel < pixels; pixel++) {
            const at = from + row * step + pixel * channels + c;
            if (valueAt(stored, at) > valueAt(stored, best)) best = at;
          }
        }
        float32[dx + best]! += float32[places.output + to + c]!;
      }
    };
  });
}

type BindVisitor = (engine: PrepareContext['engine'], windows: PoolWindows, places: GradientPlaces) => WindowVisitor;

function poolRule(context: PrepareContext, visitor: BindVisitor): GradientRule | null {
  const { engine } = context;
  const [input, output] = [context.activation(0), context.output()];
  if (!context.isInt8(input, output)) return null;
  const windows = readWindows(context, input, output);
  const range = clampRangeOf(context);
  return {
    inputs: [0],
    scratchBytes: () => 0,
    lastingBytes: () => 0,
    bind: (places) => {
      const mask = new ClampMask(places.stored(output.index), range);
      const visit = visitor(engine, windows, places);
      return () => {
        // Without an activation a pool stays within its inputs.
        if (range.isFused) mask.apply(engine.float32, places.output);
        visitWindows(windows, 0, 0, visit);
      };
    },
  };
}

function valueAt(tensor: StoredTensor, element: number): number {
  const run = Math.floor(element / tensor.length);
  return tensor.values[tensor.start(run) + element - run * tensor.length]!;
}
