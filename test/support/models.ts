import { builtinCall } from '../../kernels/tflite/builtin-call.ts';
import type { Operator, OperatorCode, Quantisation, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';

/** Numbers 0 ≤ x < 1 from a seed (mulberry32); tests must not depend on the generator under test. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomInt8(random: () => number, length: number): Int8Array {
  return Int8Array.from({ length }, () => Math.floor(random() * 256) - 128);
}

export function perTensor(scale: number, zeroPoint: number): Quantisation {
  return perChannel([scale], [zeroPoint]);
}

export function perChannel(scales: readonly number[], zeroPoints = scales.map(() => 0)): Quantisation {
  const none = new Float32Array(0);
  return {
    scale: Float32Array.from(scales),
    zeroPoint: Int32Array.from(zeroPoints),
    min: none,
    max: none,
    quantizedDimension: 0,
  };
}

/** Builds a one-subgraph model a tensor and an operator at a time. */
export class ModelBuilder {
  private readonly tensors: Tensor[] = [];
  private readonly operators: Operator[] = [];
  private readonly codes: OperatorCode[] = [];
  private readonly buffers: Uint8Array[] = [new Uint8Array(0)];

  tensor(type: number, shape: readonly number[], quantisation: Quantisation | null, data?: ArrayBufferView): number {
    let buffer = 0;
    if (data !== undefined)
      buffer = this.buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) - 1;
    const name = `t${this.tensors.length}`;
    return this.tensors.push({ name, type, shape, shapeSignature: [], buffer, isVariable: false, quantisation }) - 1;
  }

  int8(shape: readonly number[], quantisation: Quantisation, data?: Int8Array): number {
    return this.tensor(TensorType.int8, shape, quantisation, data);
  }

  /** Scale of a tensor that is quantised as a whole. */
  scaleOf(tensor: number): number {
    return this.tensors[tensor]!.quantisation!.scale[0]!;
  }

  /** A tensor that keeps its values between inferences. */
  variable(type: number, shape: readonly number[], quantisation: Quantisation | null): number {
    const index = this.tensor(type, shape, quantisation);
    this.tensors[index] = { ...this.tensors[index]!, isVariable: true };
    return index;
  }

  /** Gives the last operator its intermediate tensors. */
  intermediates(tensors: readonly number[]): this {
    const last = this.operators.length - 1;
    this.operators[last] = { ...this.operators[last]!, intermediates: tensors };
    return this;
  }

  operator(
    builtin: number,
    inputs: readonly number[],
    outputs: readonly number[],
    options: [name: string, fields: Record<string, number | boolean | readonly number[]>] | null,
    version = 1,
  ): this {
    const known = this.codes.findIndex((code) => code.builtin === builtin && code.version === version);
    const opcodeIndex = known >= 0 ? known : this.codes.push({ builtin, custom: '', version }) - 1;
    this.operators.push(builtinCall(opcodeIndex, inputs, outputs, options));
    return this;
  }

  build(inputs: readonly number[], outputs: readonly number[]): TfliteModel {
    return {
      description: 'myrmex test model',
      operatorCodes: this.codes,
      subgraph: { name: 'main', tensors: this.tensors, operators: this.operators, inputs, outputs },
      buffers: this.buffers,
      metadata: [],
    };
  }
}
