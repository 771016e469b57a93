import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Quantisation, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { ModelBuilder, perChannel, perTensor } from './models.ts';

/** The side path of one layer in real numbers: a [rank × K], b [out × rank], bias [out]. */
export interface RealAdapter {
  readonly rank: number;
  readonly scaling: number;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly bias: readonly number[];
}

/** One operator of a small int8 network, with its function in float64, which knows nothing of the engine. */
export interface GradientNode {
  readonly tensor: number;
  readonly shape: readonly number[];
  readonly inputs: readonly GradientNode[];
  readonly scale: number;
  readonly zeroPoint: number;
  /** Index of the operator; −1 for the input. */
  readonly operator: number;
  /** Fused activation of the schema: 0 none, 1 RELU, 3 RELU6. */
  readonly activation: number;
  /**
   * The output before its activation.
   *
   * @param x real inputs
   * @param at real inputs where the int8 network stands: what a maximum chooses does not change in its neighbourhood
   */
  compute(x: readonly (readonly number[])[], at: readonly (readonly number[])[], adapter: RealAdapter | null): number[];
}

export interface WindowSettings {
  readonly filter: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  /** 0 SAME, 1 VALID */
  readonly padding?: number;
  readonly activation?: number;
}

type Meeting = (output: number, input: number, tap: number) => void;

const product = (shape: readonly number[]): number => shape.reduce((result, size) => result * size, 1);

/** Builds a network an operator at a time; real values stay of the order of 1. */
export class GradientNet {
  readonly nodes: GradientNode[] = [];
  private readonly builder = new ModelBuilder();
  private operators = 0;

  constructor(private readonly random: () => number) {}

  build(output: GradientNode): TfliteModel {
    const model = this.builder.build([this.nodes[0]!.tensor], [output.tensor]);
    return model;
  }

  input(shape: readonly number[]): GradientNode {
    const [scale, zeroPoint] = [2.5 / 127, 3];
    const tensor = this.builder.int8(shape, perTensor(scale, zeroPoint));
    return this.keep({ tensor, shape, inputs: [], scale, zeroPoint, operator: -1, activation: 0, compute: () => [] });
  }

  conv(from: GradientNode, out: number, settings: WindowSettings): GradientNode {
    const [, , , channels] = from.shape as [number, number, number, number];
    const { shape, meet } = this.window(from.shape, settings);
    const taps = settings.filter[0] * settings.filter[1];
    const { quantisation, values, real } = this.weights([out, ...settings.filter, channels], taps * channels, 0);
    const weights = this.builder.int8([out, ...settings.filter, channels], quantisation, values);
    const fields = this.fields(settings);
    return this.operate(Builtin.conv2d, ['Conv2D', fields], [from], [weights], [...shape, out], settings, {
      compute: ([x], _, adapter) => {
        const pixels = product(shape);
        const columns = out + (adapter?.rank ?? 0);
        const filters = adapter === null ? real : [...real, ...adapter.a];
        const sums = new Array<number>(pixels * columns).fill(0);
        meet((output, input, tap) => {
          for (let c = 0; c < columns; c++) {
            for (let i = 0; i < channels; i++) {
              sums[output * columns + c]! += filters[(c * taps + tap) * channels + i]! * x![input * channels + i]!;
            }
          }
        });
        return Array.from({ length: pixels * out }, (_v, index) => {
          const [p, c] = [Math.floor(index / out), index % out];
          return sums[p * columns + c]! + sidePath(adapter, c, sums.slice(p * columns + out, (p + 1) * columns));
        });
      },
    });
  }

  depthwise(from: GradientNode, multiplier: number, settings: WindowSettings): GradientNode {
    const channels = from.shape.at(-1)!;
    const out = channels * multiplier;
    const { shape, meet } = this.window(from.shape, settings);
    const taps = settings.filter[0] * settings.filter[1];
    const { quantisation, values, real } = this.weights([1, ...settings.filter, out], taps, 3);
    const weights = this.builder.int8([1, ...settings.filter, out], quantisation, values);
    const bias = this.builder.tensor(TensorType.int32, [out], perTensor(1, 0), new Int32Array(out));
    const options = ['DepthwiseConv2D', { ...this.fields(settings), depthMultiplier: multiplier }] as const;
    return this.operate(Builtin.depthwiseConv2d, options, [from], [weights, bias], [...shape, out], settings, {
      compute: ([x]) => {
        const sums = new Array<number>(product(shape) * out).fill(0);
        meet((output, input, tap) => {
          for (let c = 0; c < out; c++) {
            sums[output * out + c]! += real[tap * out + c]! * x![input * channels + Math.floor(c / multiplier)]!;
          }
        });
        return sums;
      },
    });
  }

  dense(from: GradientNode, out: number, settings: { readonly activation?: number } = {}): GradientNode {
    const inFeatures = from.shape.at(-1)!;
    const rows = product(from.shape) / inFeatures;
    const { quantisation, values, real } = this.weights([out, inFeatures], inFeatures, 0);
    const weights = this.builder.int8([out, inFeatures], quantisation, values);
    const options = ['FullyConnected', { fusedActivation: settings.activation ?? 0 }] as const;
    return this.operate(Builtin.fullyConnected, options, [from], [weights, -1], [rows, out], settings, {
      compute: ([x], _, adapter) => {
        const dot = (w: readonly number[], at: number, row: number): number => {
          let sum = 0;
          for (let i = 0; i < inFeatures; i++) sum += w[at + i]! * x![row * inFeatures + i]!;
          return sum;
        };
        return Array.from({ length: rows * out }, (_v, index) => {
          const [row, c] = [Math.floor(index / out), index % out];
          const hidden = Array.from({ length: adapter?.rank ?? 0 }, (_r, r) => dot(adapter!.a, r * inFeatures, row));
          return dot(real, c * inFeatures, row) + sidePath(adapter, c, hidden);
        });
      },
    });
  }

  pool(from: GradientNode, kind: 'average' | 'max', settings: WindowSettings): GradientNode {
    const channels = from.shape.at(-1)!;
    const { shape, meet } = this.window(from.shape, settings);
    const { filter } = settings;
    const fields = { ...this.fields(settings), filterHeight: filter[0], filterWidth: filter[1] };
    const code = kind === 'max' ? Builtin.maxPool2d : Builtin.averagePool2d;
    // TFLite's pools keep the scale of their input.
    return this.operate(code, ['Pool2D', fields], [from], [], [...shape, channels], settings, {
      quantisation: from,
      compute: ([x], [at]) => {
        const size = product(shape) * channels;
        const [sums, counts, best] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0), [] as number[]];
        meet((output, input) => {
          for (let c = 0; c < channels; c++) {
            const [to, source] = [output * channels + c, input * channels + c];
            sums[to]! += x![source]!;
            counts[to]!++;
            if (best[to] === undefined || at![source]! > at![best[to]!]!) best[to] = source;
          }
        });
        return sums.map((sum, to) => (kind === 'max' ? x![best[to]!]! : sum / counts[to]!));
      },
    });
  }

  /** Over height and width. */
  mean(from: GradientNode): GradientNode {
    const [batch, height, width, channels] = from.shape as [number, number, number, number];
    const axes = this.builder.tensor(TensorType.int32, [2], null, Int32Array.of(1, 2));
    return this.operate(
      Builtin.mean,
      ['Reducer', { keepDims: false }],
      [from],
      [axes],
      [batch, channels],
      {},
      {
        quantisation: from,
        compute: ([x]) =>
          Array.from({ length: batch * channels }, (_, index) => {
            const [n, c] = [Math.floor(index / channels), index % channels];
            let sum = 0;
            for (let p = 0; p < height * width; p++) sum += x![(n * height * width + p) * channels + c]!;
            return sum / (height * width);
          }),
      },
    );
  }

  add(a: GradientNode, b: GradientNode, activation = 0): GradientNode {
    const options = ['Add', { fusedActivation: activation }] as const;
    return this.operate(
      Builtin.add,
      options,
      [a, b],
      [],
      a.shape,
      { activation },
      {
        ...(activation === 0 ? { quantisation: { scale: 18 / 127, zeroPoint: -7 } } : {}),
        compute: ([x, y]) => x!.map((value, i) => value + y![i]!),
      },
    );
  }

  concatenate(parts: readonly GradientNode[], axis: number): GradientNode {
    const [first] = parts;
    const shape = first!.shape.with(
      axis,
      parts.reduce((sum, part) => sum + part.shape[axis]!, 0),
    );
    const inner = parts.map((part) => product(part.shape.slice(axis)));
    return this.operate(
      Builtin.concatenation,
      ['Concatenation', { axis, fusedActivation: 0 }],
      parts,
      [],
      shape,
      {},
      {
        compute: (xs) =>
          Array.from({ length: product(shape.slice(0, axis)) }, (_, outer) =>
            xs.flatMap((x, part) => x.slice(outer * inner[part]!, (outer + 1) * inner[part]!)),
          ).flat(),
      },
    );
  }

  /** One pixel above and left, two below and right. */
  pad(from: GradientNode): GradientNode {
    const [batch, height, width, channels] = from.shape as [number, number, number, number];
    const paddings = this.builder.tensor(TensorType.int32, [4, 2], null, Int32Array.of(0, 0, 1, 2, 1, 2, 0, 0));
    const shape = [batch, height + 3, width + 3, channels];
    return this.operate(
      Builtin.pad,
      ['Pad', {}],
      [from],
      [paddings],
      shape,
      {},
      {
        quantisation: from,
        compute: ([x]) => {
          const y = new Array<number>(product(shape)).fill(0);
          x!.forEach((value, i) => {
            const [pixel, c] = [Math.floor(i / channels), i % channels];
            const [row, column] = [Math.floor(pixel / width), pixel % width];
            const [n, line] = [Math.floor(row / height), row % height];
            y[((n * shape[1]! + line + 1) * shape[2]! + column + 1) * channels + c] = value;
          });
          return y;
        },
      },
    );
  }

  reshape(from: GradientNode, shape: readonly number[]): GradientNode {
    return this.operate(
      Builtin.reshape,
      ['Reshape', { newShape: shape }],
      [from],
      [],
      shape,
      {},
      {
        quantisation: from,
        compute: ([x]) => [...x!],
      },
    );
  }

  elementwise(from: GradientNode, code: number, f: (x: number) => number, alpha = 0): GradientNode {
    const options = code === Builtin.leakyRelu ? (['LeakyRelu', { alpha }] as const) : null;
    const own = {
      [Builtin.logistic]: { scale: 1 / 256, zeroPoint: -128 },
      [Builtin.tanh]: { scale: 1 / 128, zeroPoint: 0 },
    }[code];
    const isClamp = code === Builtin.relu || code === Builtin.relu6;
    return this.operate(
      code,
      options,
      [from],
      [],
      from.shape,
      {},
      {
        ...(own === undefined ? (isClamp ? { quantisation: from } : {}) : { quantisation: own }),
        compute: ([x]) => x!.map(f),
      },
    );
  }

  private operate(
    code: number,
    options: readonly [string, Readonly<Record<string, number | boolean | readonly number[]>>] | null,
    inputs: readonly GradientNode[],
    constants: readonly number[],
    shape: readonly number[],
    { activation = 0 }: { readonly activation?: number },
    own: Pick<GradientNode, 'compute'> & { readonly quantisation?: Pick<GradientNode, 'scale' | 'zeroPoint'> },
  ): GradientNode {
    const chosen = activation === 0 ? { scale: 9 / 127, zeroPoint: -7 } : { scale: 6.4 / 255, zeroPoint: -128 };
    const { scale, zeroPoint } = own.quantisation ?? chosen;
    const tensor = this.builder.int8(shape, perTensor(scale, zeroPoint));
    const operands = [...inputs.map((input) => input.tensor), ...constants];
    this.builder.operator(code, operands, [tensor], options as never, 3);
    const operator = this.operators++;
    return this.keep({ tensor, shape, inputs, scale, zeroPoint, operator, activation, compute: own.compute });
  }

  private keep(node: GradientNode): GradientNode {
    this.nodes.push(node);
    return node;
  }

  /** Random int8 weights whose sums over `fanIn` inputs of deviation 1 have about the same. */
  private weights(shape: readonly number[], fanIn: number, dimension: number) {
    const out = shape[dimension]!;
    const scales = Array.from({ length: out }, () => (0.6 + 0.8 * this.random()) / (74 * Math.sqrt(fanIn)));
    const quantisation: Quantisation = { ...perChannel(scales), quantizedDimension: dimension };
    const values = Int8Array.from({ length: product(shape) }, () => Math.floor(this.random() * 255) - 127);
    const channelOf = (i: number): number => (dimension === 0 ? Math.floor(i / (values.length / out)) : i % out);
    const real = Array.from(values, (value, i) => value * Math.fround(scales[channelOf(i)]!));
    return { quantisation, values, real };
  }

  private fields({ stride = [1, 1], dilation = [1, 1], padding = 0, activation = 0 }: WindowSettings) {
    const [[strideH, strideW], [dilationH, dilationW]] = [stride, dilation];
    return { padding, strideH, strideW, dilationH, dilationW, fusedActivation: activation };
  }

  /** Output [batch, height, width] and all meetings of pixels with taps inside the input. */
  private window(from: readonly number[], settings: WindowSettings) {
    const { filter, stride = [1, 1], dilation = [1, 1], padding = 0 } = settings;
    const [batch, height, width] = from as [number, number, number];
    const axis = (size: number, at: 0 | 1) => {
      const span = (filter[at] - 1) * dilation[at] + 1;
      if (padding === 1) return { count: Math.floor((size - span) / stride[at]) + 1, before: 0 };
      const count = Math.ceil(size / stride[at]);
      return { count, before: Math.floor(Math.max(0, (count - 1) * stride[at] + span - size) / 2) };
    };
    const [rows, columns] = [axis(height, 0), axis(width, 1)];
    const meet = (visit: Meeting): void => {
      for (let pixel = 0; pixel < batch * rows.count * columns.count; pixel++) {
        const [line, ox] = [Math.floor(pixel / columns.count), pixel % columns.count];
        const [n, oy] = [Math.floor(line / rows.count), line % rows.count];
        for (let tap = 0; tap < filter[0] * filter[1]; tap++) {
          const y = oy * stride[0] - rows.before + Math.floor(tap / filter[1]) * dilation[0];
          const x = ox * stride[1] - columns.before + (tap % filter[1]) * dilation[1];
          if (y >= 0 && y < height && x >= 0 && x < width) visit(pixel, (n * height + y) * width + x, tap);
        }
      }
    };
    return { shape: [batch, rows.count, columns.count], meet };
  }
}

function sidePath(adapter: RealAdapter | null, channel: number, hidden: readonly number[]): number {
  if (adapter === null) return 0;
  const { b, bias, rank, scaling } = adapter;
  return bias[channel]! + scaling * hidden.reduce((sum, u, r) => sum + b[channel * rank + r]! * u, 0);
}
