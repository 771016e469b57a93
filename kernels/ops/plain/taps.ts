import type { ConvolutionGeometry } from '../convolution-geometry.ts';

/**
 * The filter taps that meet the input at one output position: all that tells a convolution from a transposed one. The
 * loops over channels and products are the same.
 */
export abstract class Taps {
  /** How many of the entries below the last `locate` filled. */
  count = 0;
  /** Index of channel 0 of the input pixel, within one image. */
  readonly inputs: Int32Array;
  /** Number of the tap in the filter, row by row. */
  readonly filter: Int32Array;

  constructor(protected readonly geometry: ConvolutionGeometry) {
    const { filterHeight, filterWidth } = geometry;
    this.inputs = new Int32Array(filterHeight * filterWidth);
    this.filter = new Int32Array(filterHeight * filterWidth);
  }

  abstract locate(outputY: number, outputX: number): void;
}

/** Taps of a convolution: input = output × stride − padding + tap × dilation. */
export class ForwardTaps extends Taps {
  locate(outputY: number, outputX: number): void {
    const { filterHeight, filterWidth, inputHeight, inputWidth, inputChannels } = this.geometry;
    const { dilationHeight, dilationWidth } = this.geometry;
    const top = outputY * this.geometry.strideHeight - this.geometry.padTop;
    const left = outputX * this.geometry.strideWidth - this.geometry.padLeft;
    let count = 0;
    for (let row = 0; row < filterHeight; row++) {
      const y = top + row * dilationHeight;
      if (y < 0 || y >= inputHeight) continue;
      for (let column = 0; column < filterWidth; column++) {
        const x = left + column * dilationWidth;
        if (x < 0 || x >= inputWidth) continue;
        this.inputs[count] = (y * inputWidth + x) * inputChannels;
        this.filter[count] = row * filterWidth + column;
        count++;
      }
    }
    this.count = count;
  }
}

/**
 * Taps of a transposed convolution: input × stride = output + padding − tap, where that divides. Taps go backwards, so
 * that inputs are met in the order in which TFLite's reference kernel scatters them; float32 sums need it.
 */
export class TransposedTaps extends Taps {
  locate(outputY: number, outputX: number): void {
    const { filterHeight, filterWidth, inputHeight, inputWidth, inputChannels } = this.geometry;
    const { strideHeight, strideWidth, padTop, padLeft } = this.geometry;
    let count = 0;
    for (let row = filterHeight - 1; row >= 0; row--) {
      const scaledY = outputY + padTop - row;
      const y = scaledY / strideHeight;
      if (y < 0 || y >= inputHeight || scaledY % strideHeight !== 0) continue;
      for (let column = filterWidth - 1; column >= 0; column--) {
        const scaledX = outputX + padLeft - column;
        const x = scaledX / strideWidth;
        if (x < 0 || x >= inputWidth || scaledX % strideWidth !== 0) continue;
        this.inputs[count] = (y * inputWidth + x) * inputChannels;
        this.filter[count] = row * filterWidth + column;
        count++;
      }
    }
    this.count = count;
  }
}
