import { createRandom, type Random } from '../../kernels/random.ts';
import { builtinCall } from '../../kernels/tflite/builtin-call.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Operator, OperatorCode, Quantisation, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';

/** Standard deviation of whole numbers drawn evenly from −127 to 127. */
const WEIGHT_DEVIATION = 73.3;
/** Activations after a RELU6: 0 to 6 on 256 steps; others −4 to 4. */
const RELU6_SCALE = 6 / 255;
const SIGNED_SCALE = 8 / 255;
const RELU6 = 3;

/** A tensor of the network under construction. */
export interface Layer {
  readonly tensor: number;
  /** [batch, height, width, channels] */
  readonly shape: readonly [number, number, number, number];
  readonly scale: number;
}

export interface ConvolutionShape {
  readonly channels: number;
  readonly kernel: readonly [height: number, width: number];
  readonly stride?: readonly [height: number, width: number];
  readonly dilation?: readonly [height: number, width: number];
  /** Clamp to 0..6; linear otherwise, as before a sum. */
  readonly relu?: boolean;
}

export interface DepthwiseShape extends Omit<ConvolutionShape, 'channels'> {
  /** Output channels per input channel. */
  readonly multiplier?: number;
}

/**
 * Draws int8 networks layer by layer: weights from a seed, scales chosen as training and calibration leave them, so
 * that values neither die out nor saturate on their way (He et al. 2015: variance 2 / fan-in).
 */
export class NetworkBuilder {
  private readonly random: Random;
  private readonly tensors: Tensor[] = [];
  private readonly operators: Operator[] = [];
  private readonly codes: OperatorCode[] = [];
  private readonly buffers: Uint8Array[] = [new Uint8Array(0)];

  constructor(
    private readonly name: string,
    seed: number,
  ) {
    this.random = createRandom(seed, name);
  }

  input(shape: Layer['shape']): Layer {
    return this.activation(shape, SIGNED_SCALE, 0);
  }

  convolution(from: Layer, { channels, kernel, stride = [1, 1], dilation = [1, 1], relu = true }: ConvolutionShape) {
    const [rows, columns] = kernel;
    const fanIn = rows * columns * from.shape[3];
    const weights = this.weights([channels, rows, columns, from.shape[3]], 0, fanIn, from.scale);
    const to = this.next(from, channels, stride, relu);
    return this.operator(Builtin.conv2d, 3, [from.tensor, ...weights], to, 'Conv2D', {
      ...this.convolutionOptions(stride, dilation, relu),
    });
  }

  depthwise(from: Layer, { kernel, stride = [1, 1], dilation = [1, 1], relu = true, multiplier = 1 }: DepthwiseShape) {
    const [rows, columns] = kernel;
    const channels = from.shape[3] * multiplier;
    const weights = this.weights([1, rows, columns, channels], 3, rows * columns, from.scale);
    const to = this.next(from, channels, stride, relu);
    return this.operator(Builtin.depthwiseConv2d, 3, [from.tensor, ...weights], to, 'DepthwiseConv2D', {
      ...this.convolutionOptions(stride, dilation, relu),
      depthMultiplier: multiplier,
    });
  }

  /** A 1×1 convolution. */
  pointwise(from: Layer, channels: number): Layer {
    return this.convolution(from, { channels, kernel: [1, 1] });
  }

  add(one: Layer, other: Layer): Layer {
    const to = this.activation(one.shape, RELU6_SCALE * 1.25, -128);
    return this.operator(Builtin.add, 2, [one.tensor, other.tensor], to, 'Add', { fusedActivation: RELU6 });
  }

  /** Mean over height and width. */
  pool(from: Layer): Layer {
    const [batch, rows, columns, channels] = from.shape;
    const to = this.like(from, [batch, 1, 1, channels]);
    const window = { filterHeight: rows, filterWidth: columns, strideH: 1, strideW: 1, padding: 1 };
    return this.operator(Builtin.averagePool2d, 2, [from.tensor], to, 'Pool2D', window);
  }

  /** A dense layer on all values, and SOFTMAX. */
  classify(from: Layer, classes: number): Layer {
    const [, rows, columns, channels] = from.shape;
    const features = rows * columns * channels;
    const flat = this.flat(features, this.tensors[from.tensor]!.quantisation!);
    const shape = Int32Array.of(1, features);
    const target = this.tensor(TensorType.int32, [2], null, shape);
    this.push(Builtin.reshape, 1, [from.tensor, target], flat, 'Reshape', { newShape: [1, features] });
    const weights = this.weights([classes, features], null, features, from.scale);
    const logits = this.flat(classes, quantisation([0.1], 0));
    this.push(Builtin.fullyConnected, 4, [flat, ...weights], logits, 'FullyConnected', {});
    const classesOut = this.flat(classes, quantisation([1 / 256], 0, -128));
    this.push(Builtin.softmax, 2, [logits], classesOut, 'Softmax', { beta: 1 });
    return { tensor: classesOut, shape: [1, 1, 1, classes], scale: 1 / 256 };
  }

  build(input: Layer, output: Layer): TfliteModel {
    return {
      description: `${this.name}, drawn for measurements`,
      operatorCodes: this.codes,
      subgraph: {
        name: 'main',
        tensors: this.tensors,
        operators: this.operators,
        inputs: [input.tensor],
        outputs: [output.tensor],
      },
      buffers: this.buffers,
      metadata: [],
    };
  }

  private convolutionOptions(stride: readonly number[], dilation: readonly number[], relu: boolean) {
    const [strideH = 1, strideW = 1] = stride;
    const [dilationH = 1, dilationW = 1] = dilation;
    // Padding 0 is SAME.
    return { padding: 0, strideH, strideW, dilationH, dilationW, fusedActivation: relu ? RELU6 : 0 };
  }

  private next(from: Layer, channels: number, stride: readonly [number, number], relu: boolean): Layer {
    const [batch, rows, columns] = from.shape;
    const shape = [batch, Math.ceil(rows / stride[0]), Math.ceil(columns / stride[1]), channels] as const;
    return relu ? this.activation(shape, RELU6_SCALE, -128) : this.activation(shape, SIGNED_SCALE, 3);
  }

  private activation(shape: Layer['shape'], scale: number, zeroPoint: number): Layer {
    const rounded = Math.fround(scale);
    return {
      tensor: this.tensor(TensorType.int8, shape, quantisation([rounded], 0, zeroPoint)),
      shape,
      scale: rounded,
    };
  }

  private like(from: Layer, shape: Layer['shape']): Layer {
    const { quantisation: same } = this.tensors[from.tensor]!;
    return { tensor: this.tensor(TensorType.int8, shape, same), shape, scale: from.scale };
  }

  private flat(length: number, how: Quantisation): number {
    return this.tensor(TensorType.int8, [1, length], how);
  }

  /** Weights and bias: a scale per slice of `dimension`, as converters make them, or one for a whole dense layer. */
  private weights(
    shape: readonly number[],
    dimension: number | null,
    fanIn: number,
    inputScale: number,
  ): [weights: number, bias: number] {
    const count = shape.reduce((product, size) => product * size, 1);
    const channels = shape[dimension ?? 0]!;
    const values = Int8Array.from({ length: count }, () => this.random.integer(255) - 127);
    const scales = Array.from({ length: dimension === null ? 1 : channels }, () =>
      Math.fround((Math.sqrt(2 / fanIn) / WEIGHT_DEVIATION) * (0.7 + 0.6 * this.random.float())),
    );
    const steps = scales.map((scale) => Math.fround(scale * inputScale));
    const bias = Int32Array.from({ length: channels }, (_, channel) =>
      Math.round((this.random.float() - 0.4) / steps[channel % steps.length]!),
    );
    return [
      this.tensor(TensorType.int8, shape, quantisation(scales, dimension ?? 0), values),
      this.tensor(TensorType.int32, [channels], quantisation(steps, 0), bias),
    ];
  }

  private tensor(type: number, shape: readonly number[], how: Quantisation | null, data?: Int8Array | Int32Array) {
    const bytes = data && new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const buffer = bytes === undefined ? 0 : this.buffers.push(bytes) - 1;
    const name = `t${this.tensors.length}`;
    const common = { name, type, shape, shapeSignature: [], isVariable: false };
    return this.tensors.push({ ...common, buffer, quantisation: how }) - 1;
  }

  private operator(
    code: number,
    version: number,
    inputs: readonly number[],
    to: Layer,
    options: string,
    fields: Readonly<Record<string, number>>,
  ): Layer {
    this.push(code, version, inputs, to.tensor, options, fields);
    return to;
  }

  private push(
    builtin: number,
    version: number,
    inputs: readonly number[],
    output: number,
    options: string,
    fields: Readonly<Record<string, number | readonly number[]>>,
  ): void {
    const known = this.codes.findIndex((code) => code.builtin === builtin);
    const opcodeIndex = known >= 0 ? known : this.codes.push({ builtin, custom: '', version }) - 1;
    this.operators.push(builtinCall(opcodeIndex, inputs, [output], [options, fields]));
  }
}

function quantisation(scales: readonly number[], dimension: number, zeroPoint = 0): Quantisation {
  const none = new Float32Array(0);
  return {
    scale: Float32Array.from(scales),
    zeroPoint: new Int32Array(scales.length).fill(zeroPoint),
    min: none,
    max: none,
    quantizedDimension: dimension,
  };
}
