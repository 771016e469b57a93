import {
  type ConvolutionGeometry,
  convolutionGeometry,
  denseGeometry,
  depthwiseGeometry,
  transposedGeometry,
} from '../../kernels/ops/convolution-geometry.ts';
import { unpackInt4 } from '../../kernels/ops/int4.ts';
import { convolveIntegers } from '../../kernels/ops/plain/convolve.ts';
import { TwoStageRequantiser, WideRequantiser } from '../../kernels/ops/plain/requantise.ts';
import { ForwardTaps, TransposedTaps } from '../../kernels/ops/plain/taps.ts';
import { array, type CmsisCase, type CmsisResult, type CmsisRunner, number, optionalArray } from './cmsis.ts';

/** One layer in CMSIS-NN's own terms. */
export interface CmsisLayer {
  readonly geometry: ConvolutionGeometry;
  readonly kind: 'conv' | 'depthwise' | 'transposed';
  readonly input: readonly number[];
  readonly wide: boolean;
  /** Accumulator is int64; else int32. */
  readonly wideSum: boolean;
  readonly weights: Int8Array;
  readonly bias: readonly number[] | null;
  readonly multipliers: readonly number[];
  readonly shifts: readonly number[];
  readonly inputOffset: number;
  readonly outputOffset: number;
  readonly activationMin: number;
  readonly activationMax: number;
}

const refuse = (message: string): never => {
  throw new Error(message);
};

/** Runs a layer through the arithmetic of the plain path in `reference` numerics. */
export const runLayer = (layer: CmsisLayer): Int8Array | Int16Array => {
  const { geometry, kind, activationMin, activationMax } = layer;
  const out = geometry.outputChannels;
  const Values = layer.wide ? Int16Array : Int8Array;
  const channels = {
    multipliers: Int32Array.from(
      { length: out },
      (_, channel) => layer.multipliers[channel % layer.multipliers.length]!,
    ),
    shifts: Int32Array.from({ length: out }, (_, channel) => layer.shifts[channel % layer.shifts.length]!),
  };
  const range = { zeroPoint: layer.outputOffset, activationMin, activationMax };
  const output = new Values(geometry.batch * geometry.outputHeight * geometry.outputWidth * out);
  const convolution = {
    geometry,
    taps: kind === 'transposed' ? new TransposedTaps(geometry) : new ForwardTaps(geometry),
    channelStride: kind === 'depthwise' ? 1 : geometry.filterHeight * geometry.filterWidth * geometry.filterChannels,
    tapStride: kind === 'depthwise' ? out : geometry.filterChannels,
    weights: layer.weights,
    bias: Float64Array.from({ length: out }, (_, channel) => layer.bias?.[channel] ?? 0),
    inputZeroPoint: -layer.inputOffset,
    requantiser: layer.wideSum ? new WideRequantiser(channels, range) : new TwoStageRequantiser(channels, range),
  };
  convolveIntegers(convolution, Values.from(layer.input), 0, output, 0);
  return output;
};

/**
 * The geometry that our own function finds for SAME or for VALID padding; the case's paddings are the proof that it is
 * right, so one of the two must have them.
 */
const findGeometry = (test: CmsisCase, make: (padding: number) => ConvolutionGeometry): ConvolutionGeometry => {
  for (const padding of [0, 1]) {
    try {
      const geometry = make(padding);
      if (geometry.padTop === number(test, 'pad_y') && geometry.padLeft === number(test, 'pad_x')) return geometry;
    } catch {
      // The other padding.
    }
  }
  throw new Error(
    `no padding gives ${test.op} ${test.case} its ${test.config.pad_y} rows and ${test.config.pad_x} columns`,
  );
};

const geometryOf = (test: CmsisCase, kind: CmsisLayer['kind']): ConvolutionGeometry => {
  const [inChannels, outChannels] = [number(test, 'in_ch'), number(test, 'out_ch')];
  const [rows, columns] = [number(test, 'filter_y'), number(test, 'filter_x')];
  const batch = number(test, 'input_batches');
  const depth = number(test, 'filter_ch', inChannels);
  const shapes = {
    input: [batch, number(test, 'input_h'), number(test, 'input_w'), inChannels],
    filter: kind === 'depthwise' ? [1, rows, columns, outChannels] : [outChannels, rows, columns, depth],
    output: [batch, number(test, 'output_h'), number(test, 'output_w'), outChannels],
  };
  const make = { conv: convolutionGeometry, depthwise: depthwiseGeometry, transposed: transposedGeometry }[kind];
  return findGeometry(test, (padding) =>
    make(
      shapes,
      {
        padding,
        strideH: number(test, 'stride_y'),
        strideW: number(test, 'stride_x'),
        dilationH: number(test, 'dilation_y'),
        dilationW: number(test, 'dilation_x'),
      },
      refuse,
    ),
  );
};

/** int4 weights are stored two in a byte, and only the case's name says so. */
const weightsOf = (test: CmsisCase, elements: number): Int8Array => {
  const stored = array(test, 'weights', 'input_weights');
  if (!test.case.includes('int4')) return Int8Array.from(stored);
  const values = new Int8Array(elements);
  unpackInt4(Uint8Array.from(stored), values);
  return values;
};

const typeOf = (test: CmsisCase, ...names: string[]): string =>
  names.map((name) => test.arrays[name]?.type).find((type) => type !== undefined) ?? '';

const run = (
  test: CmsisCase,
  kind: CmsisLayer['kind'],
  geometry: ConvolutionGeometry,
  multipliers: readonly number[],
  shifts: readonly number[],
): CmsisResult => ({
  found: runLayer({
    geometry,
    kind,
    input: array(test, 'input'),
    wide: typeOf(test, 'input') === 'int16_t',
    wideSum: typeOf(test, 'biases', 'bias', 'input_bias') === 'int64_t',
    weights: weightsOf(
      test,
      geometry.outputChannels * geometry.filterHeight * geometry.filterWidth * geometry.filterChannels,
    ),
    bias: optionalArray(test, 'biases', 'bias', 'input_bias'),
    multipliers,
    shifts,
    inputOffset: number(test, 'input_offset'),
    outputOffset: number(test, 'output_offset'),
    activationMin: number(test, 'out_activation_min'),
    activationMax: number(test, 'out_activation_max'),
  }),
  expected: array(test, 'output_ref', 'output'),
});

const runConvolution =
  (kind: CmsisLayer['kind']): CmsisRunner =>
  (test) =>
    run(
      test,
      kind,
      geometryOf(test, kind),
      array(test, 'output_mult', 'output_multiplier'),
      array(test, 'output_shift'),
    );

const runFullyConnected: CmsisRunner = (test) => {
  const depth = number(test, 'accumulation_depth');
  const [rows, out] = [number(test, 'input_batches'), number(test, 'out_ch')];
  const geometry = denseGeometry([out, depth], rows * depth, rows * out, refuse);
  return run(test, 'conv', geometry, [number(test, 'output_multiplier')], [number(test, 'output_shift')]);
};

/** Runners of the convolution family, by the name of the file with the cases. */
export const convolutionRunners: Readonly<Record<string, CmsisRunner>> = {
  conv: runConvolution('conv'),
  depthwise_conv: runConvolution('depthwise'),
  fully_connected: runFullyConnected,
  requantize: runConvolution('conv'),
  transpose_conv: runConvolution('transposed'),
};
