import type { Tensor } from './tflite/model.ts';

/** Pixels of zeros around each image of a tensor. */
export interface Border {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export const noBorder: Border = { top: 0, left: 0, bottom: 0, right: 0 };

/** What an operator wants of an input: int16 values minus the zero point, with zeros around each image. */
export interface WideDemand {
  readonly tensor: number;
  readonly border: Border;
  /** Values one after the other in their order, whatever the shape: no border at all. */
  readonly flat: boolean;
}

/** Loads may reach this far behind the last value: a vector of eight, an odd k run, a cleared border. */
const SLACK_BYTES = 32;

/**
 * Where the values of a wide tensor lie (KERNELS.md, decision 3): NHWC, int16, q − zeroPoint, each image with the
 * border that its consumers read as padding, which is zero because q = zeroPoint is real zero.
 */
export class WideLayout {
  readonly pixelBytes: number;
  readonly rowBytes: number;
  readonly imageBytes: number;
  readonly bytes: number;
  /** Of pixel (0, 0) of image 0. */
  readonly originBytes: number;

  private constructor(
    readonly batch: number,
    readonly height: number,
    readonly width: number,
    readonly channels: number,
    readonly border: Border,
  ) {
    const { top, left, bottom, right } = border;
    this.pixelBytes = 2 * channels;
    this.rowBytes = (left + width + right) * this.pixelBytes;
    this.imageBytes = (top + height + bottom) * this.rowBytes;
    this.bytes = batch * this.imageBytes + SLACK_BYTES;
    this.originBytes = top * this.rowBytes + left * this.pixelBytes;
  }

  /** The last three dimensions are height, width and channels; a tensor of lower rank is one row of pixels. */
  static of(tensor: Tensor, border: Border): WideLayout {
    const { shape } = tensor;
    const channels = shape.at(-1) ?? 1;
    const pixels = shape.slice(0, -1).reduce((product, dimension) => product * dimension, 1);
    if (shape.length < 4) return new WideLayout(1, 1, pixels, channels, border);
    const [height, width] = [shape.at(-3)!, shape.at(-2)!];
    return new WideLayout(pixels / (height * width), height, width, channels, border);
  }
}

export function isNoBorder({ top, left, bottom, right }: Border): boolean {
  return top + left + bottom + right === 0;
}

/** The smallest border that holds both. */
export function joinBorders(one: Border, other: Border): Border {
  return {
    top: Math.max(one.top, other.top),
    left: Math.max(one.left, other.left),
    bottom: Math.max(one.bottom, other.bottom),
    right: Math.max(one.right, other.right),
  };
}
