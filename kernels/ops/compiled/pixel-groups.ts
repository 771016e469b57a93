import type { PixelOffsets } from './offsets.ts';

/** Most pixels that count as one. */
const GROUP_MAX = 16;
/** Cost of a block of eight channels of which at most four are there, against a whole one. */
const HALF_BLOCK = 0.75;

/**
 * The pixels of a row are one run of values, and so is what one tap reads for them where windows move by one pixel: a
 * depthwise kernel can take some pixels for one of as many times the channels, and blocks of eight leave fewer lanes
 * empty. Returns how many cost least; the last group of a row may overlap the one before it.
 */
export function groupOf(width: number, stride: number, channels: number): number {
  if (stride !== 1 || channels % 8 === 0) return 1;
  let [best, least] = [1, width * blocksOf(channels)];
  for (let group = 2; group <= Math.min(width, GROUP_MAX); group++) {
    const cost = Math.ceil(width / group) * blocksOf(group * channels);
    // More weights take memory and cache: for a gain only.
    if (cost < 0.97 * least) [best, least] = [group, cost];
  }
  return best;
}

function blocksOf(channels: number): number {
  const rest = channels % 8;
  const partly = rest <= 4 ? HALF_BLOCK : 1;
  return (channels - rest) / 8 + (rest === 0 ? 0 : partly);
}

/** Where groups of pixels begin, in rows of `width`. */
export function groupOffsets({ key, at }: PixelOffsets, width: number, group: number): PixelOffsets {
  if (group === 1) return { key, at };
  const perRow = Math.ceil(width / group);
  return {
    key: `${key} by ${group}`,
    at: (index) => {
      const place = index % perRow;
      return at(((index - place) / perRow) * width + Math.min(place * group, width - group));
    },
  };
}
