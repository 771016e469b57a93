import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8 } from './models.ts';
import { pickFrom } from './random-layers.ts';

/** Type of the activations; `int4` has int8 activations and int4 weights. */
export type Kind = 'int8' | 'int4' | 'int16' | 'float32';

/** TFLite knows no second version of these; int8 came to the others with it. */
const FIRST_VERSION_ONLY: ReadonlySet<number> = new Set([
  Builtin.expandDims,
  Builtin.hardSwish,
  Builtin.prelu,
  Builtin.reluN1To1,
  Builtin.reshape,
]);

/** Sides of random shapes: small, odd, and around the width of a vector register. */
const SIDES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17];

const product = (shape: readonly number[]): number => shape.reduce((sum, side) => sum * side, 1);

/** Builds a model of one operator with random shapes and scales in one type. */
export class SingleOperator {
  private readonly builder = new ModelBuilder();
  private readonly quantisations = new Map<number, Quantisation | null>();

  constructor(
    readonly random: () => number,
    private readonly kind: Kind,
  ) {}

  /** 0 to `most`. */
  upTo(most: number): number {
    return Math.floor(this.random() * (most + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return pickFrom(this.random, choices);
  }

  /** Of about a thousand values at most. */
  shape(rank: number): number[] {
    const shape: number[] = [];
    while (shape.length < rank) shape.push(product(shape) > 100 ? 1 + this.upTo(2) : this.pick(SIDES));
    return shape;
  }

  activation(shape: readonly number[], like?: number): number {
    return this.activationOf(this.kind, shape, like);
  }

  /** @param like a tensor whose quantisation it takes */
  activationOf(kind: Kind, shape: readonly number[], like?: number): number {
    const known = like === undefined ? undefined : this.quantisations.get(like);
    return this.keep(kind, shape, known ?? this.quantisation(kind));
  }

  /** The result: with a quantisation of its own, that of `like`, or the one that TFLite fixes. */
  output(shape: readonly number[], ends: 'free' | 'same' | 'probability' | 'tanh', like: number): number {
    if (ends === 'same') return this.activation(shape, like);
    if (ends === 'free' || this.kind === 'float32') return this.activation(shape);
    const wide = this.kind === 'int16';
    if (ends === 'tanh') return this.keep(this.kind, shape, perTensor(wide ? 1 / 32768 : 1 / 128, 0));
    return this.keep(this.kind, shape, wide ? perTensor(1 / 32768, 0) : perTensor(1 / 256, -128));
  }

  /** Random values that the model brings along, as an operand. */
  constant(shape: readonly number[]): number {
    const length = product(shape);
    if (this.kind === 'float32') return this.builder.tensor(TensorType.float32, shape, null, this.floats(length));
    const quantisation = this.quantisation(this.kind)!;
    if (this.kind === 'int16') {
      const values = Int16Array.from({ length }, () => this.upTo(65_534) - 32_767);
      return this.builder.tensor(TensorType.int16, shape, quantisation, values);
    }
    return this.builder.int8(shape, quantisation, randomInt8(this.random, length));
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): number {
    return this.builder.tensor(TensorType.int32, shape, null, Int32Array.from(values));
  }

  /** One constant of the type and quantisation of another tensor. */
  scalarLike(tensor: number): number {
    const quantisation = this.quantisations.get(tensor) ?? null;
    if (this.kind === 'float32') return this.builder.tensor(TensorType.float32, [1], null, this.floats(1));
    return this.builder.int8([1], quantisation!, randomInt8(this.random, 1));
  }

  /** Weights per output channel (dimension 0) and a bias, sized so that results over `depth` products spread. */
  weights(shape: readonly number[], depth: number, input: number): [weights: number, bias: number] {
    const [channels] = shape as [number];
    const length = product(shape);
    if (this.kind === 'float32') {
      const weights = this.builder.tensor(TensorType.float32, shape, null, this.floats(length));
      return [weights, this.builder.tensor(TensorType.float32, [channels], null, this.floats(channels))];
    }
    const most = this.kind === 'int4' ? 7 : 127;
    const typical = 1 / (most * Math.sqrt(depth));
    const scales = perChannel(Array.from({ length: channels }, () => Math.fround(typical * (0.5 + this.random()))));
    const values = Int8Array.from({ length }, () => this.upTo(2 * most) - most);
    const weights =
      this.kind === 'int4'
        ? this.builder.tensor(TensorType.int4, shape, scales, packNibbles(values))
        : this.builder.int8(shape, scales, values);
    const inputScale = this.quantisations.get(input)!.scale[0]!;
    const biasScales = perChannel(Array.from(scales.scale, (scale) => Math.fround(inputScale * scale)));
    const biases = Array.from({ length: channels }, () => this.upTo(4000) - 2000);
    if (this.kind === 'int16') {
      const wide = BigInt64Array.from(biases, BigInt);
      return [weights, this.builder.tensor(TensorType.int64, [channels], biasScales, wide)];
    }
    return [weights, this.builder.tensor(TensorType.int32, [channels], biasScales, Int32Array.from(biases))];
  }

  /** @param ends the model's inputs */
  finish(
    code: number,
    inputs: readonly number[],
    outputs: readonly number[],
    options: [string, Record<string, number | boolean | readonly number[]>] | null,
    ends: readonly number[],
  ): TfliteModel {
    const version = FIRST_VERSION_ONLY.has(code) ? 1 : 2;
    return this.builder.operator(code, inputs, outputs, options, version).build(ends, outputs);
  }

  private keep(kind: Kind, shape: readonly number[], quantisation: Quantisation | null): number {
    const types = {
      int8: TensorType.int8,
      int4: TensorType.int8,
      int16: TensorType.int16,
      float32: TensorType.float32,
    };
    const index = this.builder.tensor(types[kind], shape, kind === 'float32' ? null : quantisation);
    this.quantisations.set(index, quantisation);
    return index;
  }

  private quantisation(kind: Kind): Quantisation | null {
    if (kind === 'float32') return null;
    if (kind === 'int16') return perTensor(Math.fround(0.0001 + this.random() * 0.0005), 0);
    return perTensor(Math.fround(0.01 + this.random() * 0.05), this.upTo(60) - 30);
  }

  private floats(length: number): Float32Array {
    return Float32Array.from({ length }, () => (this.random() - 0.5) * 2);
  }
}

/** Two int4 values in a byte, the first in the low half, as TFLite stores them. */
function packNibbles(values: Int8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 2));
  for (const [index, value] of values.entries()) {
    bytes[index >> 1] = bytes[index >> 1]! | ((value & 15) << (4 * (index & 1)));
  }
  return bytes;
}
