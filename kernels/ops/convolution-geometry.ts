/** Everything about a convolution but its numbers; all of them are positive integers or, for paddings, ≥ 0. */
export interface ConvolutionGeometry {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  /** Rows and columns beyond the input that the first and the last filter position touch; never stored anywhere. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly padBottom: number;
  readonly padRight: number;
  /** Input channels that one output channel reads: all of them, those of its group, or 1 for a depthwise filter. */
  readonly filterChannels: number;
  /** `inputChannels / filterChannels`; a depthwise convolution has as many groups as input channels. */
  readonly groups: number;
  /** Output channels of one group; the depth multiplier of a depthwise convolution. */
  readonly depthMultiplier: number;
  readonly multiplyAdds: number;
}

/** `Padding` of the TFLite schema. */
export const Padding = { same: 0, valid: 1 } as const;

/** Options of the convolution's window, by the names of kernels/tflite/options.ts. */
export interface WindowOptions {
  readonly padding: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

/** Shapes of the three tensors, as the file has them. */
export interface ConvolutionShapes {
  /** [batch, height, width, channels] */
  readonly input: readonly number[];
  /** [outputChannels, height, width, filterChannels]; depthwise [1, height, width, outputChannels] */
  readonly filter: readonly number[];
  /** [batch, height, width, channels] */
  readonly output: readonly number[];
}

/** Products that one int32 accumulator takes: 255 × 128 × 32768 < 2^30, which leaves as much for bias and adapter. */
export const ACCUMULATION_MAX = 32_768;

/** Longest side of a padded input: what every index computed from a position fits in, with room to spare. */
const EXTENT_MAX = 1 << 24;

type Refuse = (message: string) => never;

/** Geometry of CONV_2D; channels of the input may be a multiple of the filter's, which makes it a grouped one. */
export function convolutionGeometry(
  shapes: ConvolutionShapes,
  options: WindowOptions,
  refuse: Refuse,
): ConvolutionGeometry {
  requireRank4(shapes, refuse);
  const [outputChannels, , , filterChannels] = shapes.filter as [number, number, number, number];
  const inputChannels = shapes.input[3]!;
  if (inputChannels % filterChannels !== 0) {
    refuse(`has ${inputChannels} channels for a filter of ${filterChannels}`);
  }
  const groups = inputChannels / filterChannels;
  if (outputChannels % groups !== 0) refuse(`has ${outputChannels} output channels in ${groups} groups`);
  return complete(shapes, options, { groups, filterChannels, outputChannels }, refuse);
}

/** Geometry of DEPTHWISE_CONV_2D; the depth multiplier is what the shapes say, as in TFLite. */
export function depthwiseGeometry(
  shapes: ConvolutionShapes,
  options: WindowOptions,
  refuse: Refuse,
): ConvolutionGeometry {
  requireRank4(shapes, refuse);
  const [one, , , outputChannels] = shapes.filter as [number, number, number, number];
  const groups = shapes.input[3]!;
  if (one !== 1) refuse(`has a filter of shape [${shapes.filter}] instead of [1, height, width, channels]`);
  if (outputChannels % groups !== 0) refuse(`has ${outputChannels} output channels for ${groups} input channels`);
  return complete(shapes, options, { groups, filterChannels: 1, outputChannels }, refuse);
}

/**
 * Geometry of TRANSPOSE_CONV, whose filter is [outputChannels, height, width, inputChannels]: paddings are those of the
 * convolution that leads from its output back to its input.
 */
export function transposedGeometry(
  shapes: ConvolutionShapes,
  options: WindowOptions,
  refuse: Refuse,
): ConvolutionGeometry {
  requireRank4(shapes, refuse);
  const { input, filter, output } = shapes;
  const [outputChannels, , , filterChannels] = filter as [number, number, number, number];
  if (filterChannels !== input[3] || outputChannels !== output[3]) {
    refuse(`maps ${input[3]} to ${output[3]} channels with the filter [${filter}]`);
  }
  const backwards = { input: output, filter, output: [...input.slice(0, 3), outputChannels] };
  const channels = { groups: 1, filterChannels, outputChannels };
  const { inputHeight, inputWidth, outputHeight, outputWidth, ...rest } = complete(
    backwards,
    options,
    channels,
    refuse,
  );
  return {
    ...rest,
    inputHeight: outputHeight,
    inputWidth: outputWidth,
    inputChannels: filterChannels,
    outputHeight: inputHeight,
    outputWidth: inputWidth,
  };
}

/**
 * Geometry of FULLY_CONNECTED: a 1×1 convolution over its rows. Weights are [outputChannels, inputChannels]; of input
 * and output only the number of values counts.
 */
export function denseGeometry(
  weights: readonly number[],
  inputElements: number,
  outputElements: number,
  refuse: Refuse,
): ConvolutionGeometry {
  const [outputChannels, inputChannels] = weights;
  if (weights.length !== 2 || outputChannels === undefined || inputChannels === undefined) {
    return refuse(`has weights of shape [${weights}] instead of [out, in]`);
  }
  const rows = inputElements / inputChannels;
  if (!Number.isInteger(rows) || outputElements !== rows * outputChannels) {
    refuse(`maps ${inputElements} to ${outputElements} values with weights [${weights}]`);
  }
  const shapes = {
    input: [1, rows, 1, inputChannels],
    filter: [outputChannels, 1, 1, inputChannels],
    output: [1, rows, 1, outputChannels],
  };
  return convolutionGeometry(
    shapes,
    { padding: Padding.valid, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 },
    refuse,
  );
}

function requireRank4({ input, filter, output }: ConvolutionShapes, refuse: Refuse): void {
  if (input.length !== 4 || filter.length !== 4 || output.length !== 4) {
    refuse(`maps [${input}] to [${output}] with the filter [${filter}], which should have four dimensions each`);
  }
}

function complete(
  { input, filter, output }: ConvolutionShapes,
  options: WindowOptions,
  channels: { readonly groups: number; readonly filterChannels: number; readonly outputChannels: number },
  refuse: Refuse,
): ConvolutionGeometry {
  const [batch, inputHeight, inputWidth, inputChannels] = input as [number, number, number, number];
  const [, filterHeight, filterWidth] = filter as [number, number, number, number];
  const { groups, filterChannels, outputChannels } = channels;
  const { padding, strideH, strideW, dilationH, dilationW } = options;
  const vertical = slide(inputHeight, filterHeight, strideH, dilationH, padding, refuse);
  const horizontal = slide(inputWidth, filterWidth, strideW, dilationW, padding, refuse);
  const expected = [batch, vertical.positions, horizontal.positions, outputChannels];
  if (expected.some((dimension, at) => dimension !== output[at])) {
    refuse(`should have the output shape [${expected}] and has [${output}]`);
  }
  const products = filterHeight * filterWidth * filterChannels;
  if (products > ACCUMULATION_MAX) refuse(`adds up ${products} products, ${ACCUMULATION_MAX} is the most`);
  return {
    batch,
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight: vertical.positions,
    outputWidth: horizontal.positions,
    outputChannels,
    filterHeight,
    filterWidth,
    strideHeight: strideH,
    strideWidth: strideW,
    dilationHeight: dilationH,
    dilationWidth: dilationW,
    padTop: vertical.before,
    padLeft: horizontal.before,
    padBottom: vertical.after,
    padRight: horizontal.after,
    filterChannels,
    groups,
    depthMultiplier: outputChannels / groups,
    multiplyAdds: batch * vertical.positions * horizontal.positions * outputChannels * products,
  };
}

/** Positions of a window along one side, and how far it reaches beyond both ends. */
export interface Slide {
  readonly positions: number;
  readonly before: number;
  readonly after: number;
}

/**
 * A window of `size` taps, `dilation` apart, moved by `stride` (kernels/padding.h, `ComputeOutSize` and
 * `ComputePaddingWithOffset`): SAME covers every input, and its odd padding goes to the end; VALID stays inside.
 */
export function slide(
  length: number,
  size: number,
  stride: number,
  dilation: number,
  padding: number,
  refuse: Refuse,
): Slide {
  if (!(stride >= 1 && dilation >= 1)) refuse(`has a stride of ${stride} and a dilation of ${dilation}`);
  if (padding !== Padding.same && padding !== Padding.valid) refuse(`has the unknown padding ${padding}`);
  const span = (size - 1) * dilation + 1;
  const positions = Math.floor((padding === Padding.same ? length + stride - 1 : length + stride - span) / stride);
  if (positions < 1) refuse(`has a window of ${span}, which does not fit in ${length}`);
  const extent = (positions - 1) * stride + span;
  if (extent > EXTENT_MAX) refuse(`reaches over ${extent} values with its window, ${EXTENT_MAX} is the most`);
  const total = Math.max(0, extent - length);
  const before = Math.floor(total / 2);
  return { positions, before, after: total - before };
}
