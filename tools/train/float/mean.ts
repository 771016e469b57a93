import type { Layer } from '../../../kernels/quantise/network.ts';
import type { Signal, TrainedLayer, Workshop } from './layer.ts';
import type { Block } from './memory.ts';

/** Mean of each channel over time. */
export class Mean implements TrainedLayer {
  readonly output: Signal;
  readonly parameters = [];
  private readonly y: Block;
  private readonly dx: Block;

  constructor(
    { memory, batch }: Workshop,
    private readonly input: Signal,
  ) {
    this.output = { columns: 1, channels: input.channels };
    this.y = memory.allocate(batch * input.channels);
    this.dx = memory.allocate(batch * input.columns * input.channels);
  }

  forward(x: Block, examples: number): Block {
    const { columns, channels } = this.input;
    const y = this.y.data;
    y.fill(0, 0, examples * channels);
    for (let at = 0; at < examples * columns; at += 1) {
      const to = Math.floor(at / columns) * channels;
      for (let c = 0; c < channels; c += 1) y[to + c]! += x.data[at * channels + c]! / columns;
    }
    return this.y;
  }

  backward(dy: Block, examples: number): Block {
    const { columns, channels } = this.input;
    for (let at = 0; at < examples * columns; at += 1) {
      const from = Math.floor(at / columns) * channels;
      for (let c = 0; c < channels; c += 1) this.dx.data[at * channels + c] = dy.data[from + c]! / columns;
    }
    return this.dx;
  }

  exported(): Layer {
    return { kind: 'mean' };
  }
}
