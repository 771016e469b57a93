import type { DepthwiseLayer } from '../../../kernels/quantise/network.ts';
import { initialise, type Parameter, parameter, type Signal, type TrainedLayer, type Workshop } from './layer.ts';
import type { Block } from './memory.ts';
import { Padded, type Slide } from './padded.ts';

/** One filter per channel over time, linear: the first half of a separable convolution (Howard et al. 2017). */
export class Depthwise implements TrainedLayer {
  readonly output: Signal;
  readonly parameters: readonly [weights: Parameter, bias: Parameter];
  private readonly padded: Padded;
  private readonly y: Block;
  private x: Block;

  constructor(
    private readonly workshop: Workshop,
    private readonly input: Signal,
    private readonly options: Slide,
  ) {
    const { memory, batch, random } = workshop;
    this.padded = new Padded(workshop, input, options);
    this.output = { columns: this.padded.out, channels: input.channels };
    this.parameters = [
      parameter(memory, options.taps * input.channels, true),
      parameter(memory, input.channels, false),
    ];
    // No ReLU follows: variance 1 / fan-in.
    initialise(this.parameters[0].value.data, 2 * options.taps, random);
    this.y = memory.allocate(batch * this.output.columns * input.channels);
    this.x = this.y;
  }

  forward(x: Block, examples: number): Block {
    const { kernels } = this.workshop.memory;
    const [weights, bias] = this.parameters;
    const { columns, channels } = this.output;
    const { taps, stride } = this.options;
    this.x = this.padded.pad(x, examples);
    for (let n = 0; n < examples; n += 1) {
      const from = this.x.at + n * this.padded.stride * 4;
      const to = this.y.at + n * columns * channels * 4;
      kernels.depthwiseForward(from, weights.value.at, to, columns, channels, taps, stride);
    }
    kernels.biasForward(this.y.at, bias.value.at, examples * columns, channels, 0);
    return this.y;
  }

  backward(dy: Block, examples: number): Block {
    const { kernels } = this.workshop.memory;
    const [weights, bias] = this.parameters;
    const { columns, channels } = this.output;
    const { taps, stride } = this.options;
    kernels.biasBackward(this.y.at, dy.at, bias.gradient.at, examples * columns, channels, 0);
    const slopes = this.padded.clearedSlopes(examples);
    for (let n = 0; n < examples; n += 1) {
      const inside = n * this.padded.stride * 4;
      const slope = dy.at + n * columns * channels * 4;
      const into = [weights.gradient.at, slopes.at + inside] as const;
      const shape = [columns, channels, taps, stride] as const;
      kernels.depthwiseBackward(this.x.at + inside, weights.value.at, slope, ...into, ...shape);
    }
    return this.padded.unpad(examples);
  }

  exported(): DepthwiseLayer {
    const [weights, bias] = this.parameters;
    const { taps, stride } = this.options;
    const geometry = { filter: [1, taps], stride: [1, stride], padding: 'same' } as const;
    const weighted = {
      weights: weights.value.data.slice(),
      bias: bias.value.data.slice(),
      activation: 'none',
    } as const;
    return { kind: 'depthwise', channels: this.input.channels, ...geometry, ...weighted };
  }
}
