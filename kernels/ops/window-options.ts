import type { WindowOptions } from './convolution-geometry.ts';
import type { PrepareContext } from './prepare-context.ts';

/** How the window of this operator moves; operators without a dilation have one of 1. */
export function windowOptions(context: PrepareContext): WindowOptions {
  return {
    padding: context.option('padding'),
    strideH: context.option('strideH'),
    strideW: context.option('strideW'),
    dilationH: Number(context.rawOption('dilationH') ?? 1),
    dilationW: Number(context.rawOption('dilationW') ?? 1),
  };
}
