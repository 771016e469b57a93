import { type Layer, slide } from '../../../kernels/quantise/network.ts';
import type { Signal, TrainedLayer, Workshop } from './layer.ts';
import type { Block } from './memory.ts';

/** Largest value of each channel in every `factor` columns. */
export class MaxPool implements TrainedLayer {
  readonly output: Signal;
  readonly parameters = [];
  private readonly y: Block;
  private readonly dx: Block;
  /** Column of the input that each output came from. */
  private readonly chosen: Int32Array;

  constructor(
    { memory, batch }: Workshop,
    private readonly input: Signal,
    private readonly factor: number,
  ) {
    const columns = slide(input.columns, factor, factor, 'valid').size;
    this.output = { columns, channels: input.channels };
    this.y = memory.allocate(batch * columns * input.channels);
    this.dx = memory.allocate(batch * input.columns * input.channels);
    this.chosen = new Int32Array(this.y.data.length);
  }

  forward(x: Block, examples: number): Block {
    const { columns, channels } = this.output;
    for (let at = 0; at < examples * columns; at += 1) {
      const first = Math.floor(at / columns) * this.input.columns + (at % columns) * this.factor;
      for (let c = 0; c < channels; c += 1) {
        let best = first * channels + c;
        for (let k = 1; k < this.factor; k += 1) {
          const other = (first + k) * channels + c;
          if (x.data[other]! > x.data[best]!) best = other;
        }
        this.y.data[at * channels + c] = x.data[best]!;
        this.chosen[at * channels + c] = best;
      }
    }
    return this.y;
  }

  backward(dy: Block, examples: number): Block {
    this.dx.data.fill(0, 0, examples * this.input.columns * this.input.channels);
    const count = examples * this.output.columns * this.output.channels;
    for (let at = 0; at < count; at += 1) this.dx.data[this.chosen[at]!] = dy.data[at]!;
    return this.dx;
  }

  exported(): Layer {
    return { kind: 'maxPool', filter: [1, this.factor], stride: [1, this.factor], padding: 'valid' };
  }
}
