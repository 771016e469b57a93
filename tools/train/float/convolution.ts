import type { ConvolutionLayer, DenseLayer } from '../../../kernels/quantise/network.ts';
import { initialise, type Parameter, parameter, type Signal, type TrainedLayer, type Workshop } from './layer.ts';
import type { Block } from './memory.ts';
import { Padded, type Slide } from './padded.ts';

export interface ConvolutionOptions extends Slide {
  readonly channels: number;
  readonly relu: boolean;
  /** False for the first layer: nobody wants the gradient of the data. */
  readonly backward: boolean;
  /** Written as a dense layer; the input must have one column then. */
  readonly dense?: true;
}

/**
 * Convolution over time as one matrix product per example: the windows of the padded input are the overlapping rows of
 * a matrix [out x taps * channels], read in place, times weights [taps * channels x out channels]. A dense layer is one
 * with a single column.
 */
export class Convolution implements TrainedLayer {
  readonly output: Signal;
  readonly parameters: readonly [weights: Parameter, bias: Parameter];
  private readonly padded: Padded;
  private readonly y: Block;
  /** [out channels x taps * channels], for the gradient of the input. */
  private readonly transposed: Block;
  private x: Block;

  constructor(
    private readonly workshop: Workshop,
    private readonly input: Signal,
    private readonly options: ConvolutionOptions,
  ) {
    const { memory, batch, random } = workshop;
    this.padded = new Padded(workshop, input, options);
    this.output = { columns: this.padded.out, channels: options.channels };
    this.parameters = [
      parameter(memory, this.depth * options.channels, true),
      parameter(memory, options.channels, false),
    ];
    initialise(this.parameters[0].value.data, this.depth, random);
    this.transposed = memory.allocate(this.depth * options.channels);
    this.y = memory.allocate(batch * this.output.columns * this.output.channels);
    this.x = this.y;
  }

  /** Values in one window. */
  private get depth(): number {
    return this.options.taps * this.input.channels;
  }

  /** Examples whose windows lie at one distance from each other, all in one product. */
  private get pointwise(): boolean {
    return this.options.taps === 1 && this.options.stride === 1;
  }

  forward(x: Block, examples: number): Block {
    const { kernels } = this.workshop.memory;
    const [weights, bias] = this.parameters;
    const { channels, relu } = this.options;
    this.x = this.padded.pad(x, examples);
    this.products(examples, (from, to, rows) => {
      const a = [this.x.at + from * 4, this.options.stride * this.input.channels, 1] as const;
      const c = [this.y.at + to * 4, channels] as const;
      kernels.multiply(...a, weights.value.at, channels, ...c, rows, channels, this.depth, 0);
    });
    kernels.biasForward(this.y.at, bias.value.at, examples * this.output.columns, channels, relu ? 1 : 0);
    return this.y;
  }

  backward(dy: Block, examples: number): Block | null {
    const { kernels } = this.workshop.memory;
    const [weights, bias] = this.parameters;
    const { channels, relu, stride, taps } = this.options;
    const { depth, input } = this;
    const rowsInAll = examples * this.output.columns;
    kernels.biasBackward(this.y.at, dy.at, bias.gradient.at, rowsInAll, channels, relu ? 1 : 0);
    this.products(examples, (from, to, rows) => {
      const a = [this.x.at + from * 4, 1, stride * input.channels] as const;
      const c = [weights.gradient.at, channels] as const;
      kernels.multiply(...a, dy.at + to * 4, channels, ...c, depth, channels, rows, 1);
    });
    if (!this.options.backward) return null;
    this.transpose();
    const slopes = this.padded.clearedSlopes(examples);
    this.products(examples, (from, to, rows) => {
      const a = [dy.at + to * 4, channels, 1] as const;
      // Tap by tap: within one, the columns that different outputs add to are different ones.
      for (let tap = 0; tap < taps; tap += 1) {
        const offset = tap * input.channels;
        const c = [slopes.at + (from + offset) * 4, stride * input.channels] as const;
        kernels.multiply(...a, this.transposed.at + offset * 4, depth, ...c, rows, input.channels, channels, 1);
      }
    });
    return this.padded.unpad(examples);
  }

  /** [out x 1 x taps x in], or [out x in]. */
  exported(): ConvolutionLayer | DenseLayer {
    this.transpose();
    const activation = this.options.relu ? ('relu' as const) : ('none' as const);
    const weighted = { weights: this.transposed.data.slice(), bias: this.parameters[1].value.data.slice(), activation };
    const { channels, taps, stride } = this.options;
    if (this.options.dense) {
      return { kind: 'dense', inFeatures: this.input.channels, outFeatures: channels, ...weighted };
    }
    const geometry = { filter: [1, taps], stride: [1, stride], padding: 'same' } as const;
    const shape = { inChannels: this.input.channels, outChannels: channels, ...geometry };
    return { kind: 'convolution', ...shape, ...weighted };
  }

  /** Calls `visit` with where the inputs and outputs of a product begin, in values, and its rows. */
  private products(examples: number, visit: (from: number, to: number, rows: number) => void): void {
    const { columns, channels } = this.output;
    if (this.pointwise) visit(0, 0, examples * columns);
    else for (let n = 0; n < examples; n += 1) visit(n * this.padded.stride, n * columns * channels, columns);
  }

  private transpose(): void {
    const { channels } = this.options;
    const weights = this.parameters[0].value.data;
    const { data } = this.transposed;
    for (let i = 0; i < this.depth; i += 1) {
      for (let o = 0; o < channels; o += 1) data[o * this.depth + i] = weights[i * channels + o]!;
    }
  }
}
