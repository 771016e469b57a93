import { slide } from '../../../kernels/quantise/network.ts';
import type { Signal, Workshop } from './layer.ts';
import type { Block } from './memory.ts';

/** How a window slides over time. */
export interface Slide {
  readonly taps: number;
  readonly stride: number;
}

/**
 * Examples with columns of zeros around them (SAME padding), so that a window that slides over them needs no borders:
 * the window of output p are the `taps` columns from p * stride, which lie side by side in memory.
 */
export class Padded {
  /** Output columns of an example. */
  readonly out: number;
  /** Columns of an example with its padding. */
  readonly columns: number;
  private readonly before: number;
  private readonly block: Block | null;
  private readonly slopes: Block;
  private readonly inner: Block;

  constructor(
    { memory, batch }: Workshop,
    private readonly input: Signal,
    { taps, stride }: Slide,
  ) {
    const { size, before } = slide(input.columns, taps, stride, 'same');
    this.out = size;
    this.before = before;
    this.columns = Math.max((size - 1) * stride + taps, before + input.columns);
    const plain = this.columns === input.columns;
    const values = batch * this.columns * input.channels;
    this.block = plain ? null : memory.allocate(values);
    this.inner = memory.allocate(batch * input.columns * input.channels);
    this.slopes = plain ? this.inner : memory.allocate(values);
  }

  /** Values of one example with its padding. */
  get stride(): number {
    return this.columns * this.input.channels;
  }

  /** [examples x columns x channels]; `x` itself where nothing is to be padded. */
  pad(x: Block, examples: number): Block {
    if (this.block === null) return x;
    const size = this.input.columns * this.input.channels;
    for (let n = 0; n < examples; n += 1) {
      const to = n * this.stride + this.before * this.input.channels;
      this.block.data.set(x.data.subarray(n * size, (n + 1) * size), to);
    }
    return this.block;
  }

  /** Zeroed gradients of what `pad` gave. */
  clearedSlopes(examples: number): Block {
    this.slopes.data.fill(0, 0, examples * this.stride);
    return this.slopes;
  }

  /** Gradients of the input, those of the padding left out. */
  unpad(examples: number): Block {
    if (this.slopes === this.inner) return this.inner;
    const size = this.input.columns * this.input.channels;
    for (let n = 0; n < examples; n += 1) {
      const from = n * this.stride + this.before * this.input.channels;
      this.inner.data.set(this.slopes.data.subarray(from, from + size), n * size);
    }
    return this.inner;
  }
}
