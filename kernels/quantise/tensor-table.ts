import type { Quantisation, Tensor } from '../tflite/model.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { Affine } from './affine.ts';

/** Tensors and buffers of a model under construction; each call adds one and returns its index. */
export class TensorTable {
  readonly tensors: Tensor[] = [];
  /** Number 0 is the empty one, by convention. */
  readonly buffers: Uint8Array[] = [new Uint8Array(0)];

  /** An int8 tensor that is computed. */
  activation(name: string, shape: readonly number[], { scale, zeroPoint }: Affine): number {
    const none = new Float32Array(0);
    const ends = { min: none, max: none, quantizedDimension: 0 };
    const quantisation = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint), ...ends };
    return this.add(name, TensorType.int8, shape, quantisation, 0);
  }

  int8(name: string, shape: readonly number[], quantisation: Quantisation | null, values: Int8Array): number {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.add(name, TensorType.int8, shape, quantisation, this.buffers.push(bytes) - 1);
  }

  int32(name: string, shape: readonly number[], quantisation: Quantisation | null, values: Int32Array): number {
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    // The file format is little-endian whatever the machine is.
    for (const [i, value] of values.entries()) view.setInt32(i * 4, value, true);
    return this.add(name, TensorType.int32, shape, quantisation, this.buffers.push(bytes) - 1);
  }

  private add(
    name: string,
    type: number,
    shape: readonly number[],
    quantisation: Quantisation | null,
    buffer: number,
  ): number {
    const common = { name, type, shape, shapeSignature: [], isVariable: false };
    return this.tensors.push({ ...common, buffer, quantisation }) - 1;
  }
}
