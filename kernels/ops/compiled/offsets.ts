import type { WideLayout } from '../../wide-layout.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { Placement } from '../operator.ts';
import type { PrepareContext } from '../prepare-context.ts';

/** Pixels that the tiled kernels take at a time; tables are filled up with the last pixel. */
export const TILE_PIXELS = 4;

/** Pixels rounded up to whole tiles. */
export function tilePixels(pixels: number): number {
  return Math.ceil(pixels / TILE_PIXELS) * TILE_PIXELS;
}

/** Pixels after the last whole tile that are cheaper one at a time than in a tile of their own. */
export function singlePixels(pixels: number): number {
  const rest = pixels % TILE_PIXELS;
  return rest <= 2 ? rest : 0;
}

/** How a window moves over its input. */
export type Window = Pick<
  ConvolutionGeometry,
  'outputHeight' | 'outputWidth' | 'strideHeight' | 'strideWidth' | 'padTop' | 'padLeft'
>;

/** Byte offsets of pixels, and a key that is equal for equal ones. */
export interface PixelOffsets {
  readonly key: string;
  at(pixel: number): number;
}

/** From pixel (0, 0) of the input: the first tap of an output pixel. */
export function windowOffsets(window: Window, { imageBytes, rowBytes, pixelBytes }: WideLayout): PixelOffsets {
  const { outputHeight, outputWidth, strideHeight, strideWidth, padTop, padLeft } = window;
  const ofWindow = [outputHeight, outputWidth, strideHeight, strideWidth, padTop, padLeft];
  return {
    key: `window ${ofWindow} ${imageBytes} ${rowBytes} ${pixelBytes}`,
    at: (pixel) => {
      const row = Math.floor(pixel / outputWidth);
      const y = (row % outputHeight) * strideHeight - padTop;
      const x = (pixel % outputWidth) * strideWidth - padLeft;
      return Math.floor(row / outputHeight) * imageBytes + y * rowBytes + x * pixelBytes;
    },
  };
}

/** Pixels one after the other. */
export function consecutiveOffsets(pixelBytes: number): PixelOffsets {
  return { key: `consecutive ${pixelBytes}`, at: (pixel) => pixel * pixelBytes };
}

/** From pixel (0, 0) of an output, dense or wide, of `channels` values a pixel. */
export function outputOffsets({ layout }: Placement, channels: number): PixelOffsets {
  if (layout === null) return consecutiveOffsets(channels);
  const { height, width, imageBytes, rowBytes, pixelBytes } = layout;
  return {
    key: `output ${[height, width, imageBytes, rowBytes, pixelBytes]}`,
    at: (pixel) => {
      const row = Math.floor(pixel / width);
      return Math.floor(row / height) * imageBytes + (row % height) * rowBytes + (pixel % width) * pixelBytes;
    },
  };
}

/** Address of the table of `pixels` offsets, filled up to whole tiles; layers of one geometry share it. */
export function offsetTable(context: PrepareContext, pixels: number, { key, at }: PixelOffsets): number {
  return context.sharedInts(`${pixels} ${key}`, () => {
    const table = new Int32Array(tilePixels(pixels));
    for (let index = 0; index < table.length; index++) table[index] = at(Math.min(index, pixels - 1));
    return table;
  });
}

/** Address of a table with the one offset 0. */
export function noOffset(context: PrepareContext): number {
  return context.sharedInts('none', () => Int32Array.of(0));
}
