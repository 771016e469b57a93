import type { WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { PrepareContext } from '../prepare-context.ts';

/** Runs of consecutive inputs that one output pixel reads. */
export interface Segments {
  readonly count: number;
  readonly length: number;
}

/** Taps side by side in a row are one run, unless dilation parts them. */
export function segmentsOf({
  filterHeight,
  filterWidth,
  filterChannels,
  dilationWidth,
}: ConvolutionGeometry): Segments {
  const isJoined = dilationWidth === 1 || filterWidth === 1;
  return {
    count: isJoined ? filterHeight : filterHeight * filterWidth,
    length: isJoined ? filterWidth * filterChannels : filterChannels,
  };
}

/** Address of a table with the byte offsets of the segments from an output pixel's first tap. */
export function segmentTable(context: PrepareContext, geometry: ConvolutionGeometry, layout: WideLayout): number {
  const { filterHeight, dilationHeight, dilationWidth } = geometry;
  const { rowBytes, pixelBytes } = layout;
  const { count } = segmentsOf(geometry);
  const perRow = count / filterHeight;
  const key = `segments ${[count, perRow, dilationHeight, dilationWidth, rowBytes, pixelBytes]}`;
  return context.sharedInts(key, () =>
    Int32Array.from(
      { length: count },
      (_, at) => Math.floor(at / perRow) * dilationHeight * rowBytes + (at % perRow) * dilationWidth * pixelBytes,
    ),
  );
}
