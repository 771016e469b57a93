import { slide } from '../../kernels/ops/convolution-geometry.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { ModelBuilder, perTensor, randomInt8 } from './models.ts';

/** One operator of the convolution family, as a test asks for it. */
export interface ConvolutionCase {
  readonly kind: 'conv' | 'depthwise' | 'transposed';
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  /** Of a depthwise convolution: the depth multiplier. */
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  /** 0 SAME, 1 VALID */
  readonly padding: number;
  readonly activation: number;
  readonly perChannel: boolean;
  readonly withBias: boolean;
  readonly groups: number;
  /** Scales are powers of two, so that many sums fall in the middle between two outputs. */
  readonly ties: boolean;
}

const refuse = (message: string): never => {
  throw new Error(message);
};

/** Output [height, width] of the case. */
export const outputSize = (options: ConvolutionCase): [number, number] => {
  const { height, width, filterHeight, filterWidth, strideH, strideW, dilationH, dilationW, padding } = options;
  if (options.kind === 'transposed') {
    if (padding === 0) return [height * strideH, width * strideW];
    return [
      height * strideH + Math.max(filterHeight - strideH, 0),
      width * strideW + Math.max(filterWidth - strideW, 0),
    ];
  }
  return [
    slide(height, filterHeight, strideH, dilationH, padding, refuse).positions,
    slide(width, filterWidth, strideW, dilationW, padding, refuse).positions,
  ];
};

/** An int8 model of one operator with random weights, −128 among them, and scales that spread outputs over int8. */
export const convolutionFile = (random: () => number, options: ConvolutionCase): Uint8Array => {
  const { kind, batch, height, width, inChannels, filterHeight, filterWidth, groups } = options;
  const builder = new ModelBuilder();
  const depthwise = kind === 'depthwise';
  const channels = depthwise ? inChannels * options.outChannels : options.outChannels;
  const depth = depthwise ? 1 : inChannels / groups;
  const scale = (value: number): number => (options.ties ? 2 ** Math.round(Math.log2(value)) : Math.fround(value));
  const inputScale = scale(0.002 + random() * 0.2);
  const input = builder.int8(
    [batch, height, width, inChannels],
    perTensor(inputScale, Math.floor(random() * 256) - 128),
  );
  // A product has a deviation of about 75², so real outputs have one of about 2, which all activations can cut.
  const deviation = 5500 * Math.sqrt(filterHeight * filterWidth * depth);
  const scales = Array.from({ length: options.perChannel ? channels : 1 }, () =>
    scale(((0.5 + random()) * 2) / (deviation * inputScale)),
  );
  const weights = builder.int8(
    depthwise ? [1, filterHeight, filterWidth, channels] : [channels, filterHeight, filterWidth, depth],
    {
      ...perTensor(0, 0),
      scale: Float32Array.from(scales),
      zeroPoint: new Int32Array(scales.length),
      quantizedDimension: depthwise ? 3 : 0,
    },
    randomInt8(random, channels * filterHeight * filterWidth * depth),
  );
  const [outHeight, outWidth] = outputSize(options);
  const shape = [batch, outHeight, outWidth, channels];
  const output = builder.int8(shape, perTensor(scale(2 / (20 + random() * 80)), Math.floor(random() * 180) - 128));
  const values = Int32Array.from({ length: channels }, () => Math.floor((random() - 0.5) * deviation));
  const bias = options.withBias
    ? builder.tensor(
        TensorType.int32,
        [channels],
        {
          ...perTensor(0, 0),
          scale: Float32Array.from(scales, (value) => value * inputScale),
          zeroPoint: new Int32Array(scales.length),
        },
        values,
      )
    : -1;
  const window = {
    padding: options.padding,
    strideH: options.strideH,
    strideW: options.strideW,
    fusedActivation: options.activation,
  };
  const dilation = { dilationH: options.dilationH, dilationW: options.dilationW };
  // TFLite takes a bias that was left out by the number of operands, not by an index of -1.
  const operands = options.withBias ? [input, weights, bias] : [input, weights];
  if (kind === 'transposed') {
    const target = builder.tensor(TensorType.int32, [4], null, Int32Array.from(shape));
    const reordered = [target, weights, input, ...operands.slice(2)];
    builder.operator(Builtin.transposeConv, reordered, [output], ['TransposeConv', window], 3);
  } else if (depthwise) {
    const fields = { ...window, ...dilation, depthMultiplier: options.outChannels };
    builder.operator(Builtin.depthwiseConv2d, operands, [output], ['DepthwiseConv2D', fields], 3);
  } else {
    builder.operator(Builtin.conv2d, operands, [output], ['Conv2D', { ...window, ...dilation }], 3);
  }
  return writeModel(builder.build([input], [output]));
};
