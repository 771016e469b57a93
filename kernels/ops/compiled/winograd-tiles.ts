import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import { TILE_PIXELS } from './offsets.ts';

/** Outputs of a tile along a side that is transformed. */
export const SIDE = 4;
/** Taps that a transform takes; a longer filter is several, each with inputs of its own. */
const TAPS = 3;

/** One dimension of a convolution of stride 1. Filters of one tap are not transformed in it: tiles have one output. */
interface Axis {
  readonly outputs: number;
  readonly positions: number;
  readonly dilation: number;
  /** Transforms that the filter takes. */
  readonly parts: number;
}

const axis = (positions: number, taps: number, dilation: number): Axis =>
  taps === 1
    ? { outputs: 1, positions, dilation: 1, parts: 1 }
    : { outputs: SIDE, positions, dilation, parts: Math.ceil(taps / TAPS) };

const rowsOf = ({ outputHeight, filterHeight, dilationHeight }: ConvolutionGeometry): Axis =>
  axis(outputHeight, filterHeight, dilationHeight);

const columnsOf = ({ outputWidth, filterWidth, dilationWidth }: ConvolutionGeometry): Axis =>
  axis(outputWidth, filterWidth, dilationWidth);

/** First outputs of all tiles; the others lie `dilation` further each. */
const firstsOf = ({ outputs, positions, dilation }: Axis): number[] =>
  Array.from({ length: positions }, (_, at) => at).filter((at) => Math.floor(at / dilation) % outputs === 0);

/** Outputs of the tile that begins at `first`, with −1 for those beyond the last position. */
const outputsOf = ({ outputs, positions, dilation }: Axis, first: number): number[] =>
  Array.from({ length: outputs }, (_, place) => first + place * dilation).map((at) => (at < positions ? at : -1));

/** Whether a side has more than one tap, in both dimensions. */
export const isSquare = ({ filterHeight, filterWidth }: ConvolutionGeometry): boolean =>
  filterHeight > 1 && filterWidth > 1;

/** Tiles, filled up to whole groups. */
export const tileCount = (geometry: ConvolutionGeometry): number => {
  const tiles = geometry.batch * firstsOf(rowsOf(geometry)).length * firstsOf(columnsOf(geometry)).length;
  return Math.ceil(tiles / TILE_PIXELS) * TILE_PIXELS;
};

/**
 * The output pixels of every tile, row by row, filled up to whole groups with the last tile. Those outside of the image
 * name the first one.
 */
export const tilePixels = (geometry: ConvolutionGeometry): number[][] => {
  const { batch, outputHeight, outputWidth } = geometry;
  const [rows, columns] = [rowsOf(geometry), columnsOf(geometry)];
  const tiles: number[][] = [];
  for (let image = 0; image < batch; image++) {
    for (const top of firstsOf(rows)) {
      for (const left of firstsOf(columns)) {
        const pixel = (y: number, x: number): number => (image * outputHeight + y) * outputWidth + x;
        tiles.push(
          outputsOf(rows, top).flatMap((y) =>
            outputsOf(columns, left).map((x) => (y < 0 || x < 0 ? pixel(top, left) : pixel(y, x))),
          ),
        );
      }
    }
  }
  while (tiles.length % TILE_PIXELS !== 0) tiles.push(tiles.at(-1)!);
  return tiles;
};

/** Transforms that a filter takes, down and across, in units of steps from tap to tap. */
export const filterParts = (geometry: ConvolutionGeometry): { readonly down: number; readonly across: number }[] => {
  const [rows, columns] = [rowsOf(geometry), columnsOf(geometry)];
  return Array.from({ length: rows.parts * columns.parts }, (_, part) => ({
    down: TAPS * Math.floor(part / columns.parts),
    across: TAPS * (part % columns.parts),
  }));
};

/** The padding, and what the last tiles read beyond it. */
export const tileBorder = (geometry: ConvolutionGeometry) => {
  const { padTop: top, padLeft: left, padBottom, padRight, inputHeight, inputWidth } = geometry;
  const [rows, columns] = [rowsOf(geometry), columnsOf(geometry)];
  return {
    top,
    left,
    bottom: Math.max(padBottom, extentOf(rows) - top - inputHeight),
    right: Math.max(padRight, extentOf(columns) - left - inputWidth),
  };
};

/** Inputs from the first to the last that a tile reads. */
const extentOf = (side: Axis): number => {
  const reach = side.outputs === 1 ? 0 : side.outputs - 1 + TAPS * side.parts - 1;
  return firstsOf(side).at(-1)! + reach * side.dilation + 1;
};
