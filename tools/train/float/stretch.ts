import type { Layer } from '../../../kernels/quantise/network.ts';
import type { Signal, TrainedLayer, Workshop } from './layer.ts';
import type { Block } from './memory.ts';

/** Repeats every column: the way back up of a convolutional autoencoder. */
export class Stretch implements TrainedLayer {
  readonly output: Signal;
  readonly parameters = [];
  private readonly y: Block;
  private readonly dx: Block;

  constructor(
    { memory, batch }: Workshop,
    private readonly input: Signal,
    private readonly factor: number,
  ) {
    this.output = { columns: input.columns * factor, channels: input.channels };
    this.y = memory.allocate(batch * this.output.columns * input.channels);
    this.dx = memory.allocate(batch * input.columns * input.channels);
  }

  forward(x: Block, examples: number): Block {
    const { channels } = this.input;
    for (let at = 0; at < examples * this.output.columns; at += 1) {
      const from = Math.floor(at / this.factor) * channels;
      for (let c = 0; c < channels; c += 1) this.y.data[at * channels + c] = x.data[from + c]!;
    }
    return this.y;
  }

  backward(dy: Block, examples: number): Block {
    const { channels } = this.input;
    this.dx.data.fill(0, 0, examples * this.input.columns * channels);
    for (let at = 0; at < examples * this.output.columns; at += 1) {
      const to = Math.floor(at / this.factor) * channels;
      for (let c = 0; c < channels; c += 1) this.dx.data[to + c]! += dy.data[at * channels + c]!;
    }
    return this.dx;
  }

  exported(): Layer {
    return { kind: 'stretch', factor: this.factor };
  }
}
