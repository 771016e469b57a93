import { CommandError } from '../../errors.ts';
import { trainerBinary } from '../binary.generated.ts';

/** The trainer's compiled kernels (tools/train/assembly). Addresses are bytes, strides are values. */
export interface TrainerKernels {
  /** c[rows x columns] (+)= a[rows x depth] b[depth x columns]; a has any strides. */
  multiply(
    ...args: [
      ...a: [a: number, aRow: number, aStep: number],
      ...b: [b: number, bRow: number],
      ...c: [c: number, cRow: number],
      ...size: [rows: number, columns: number, depth: number],
      accumulate: number,
    ]
  ): void;
  depthwiseForward(...args: [x: number, w: number, y: number, ...Shape]): void;
  depthwiseBackward(...args: [x: number, w: number, dy: number, dw: number, dx: number, ...Shape]): void;
  biasForward(y: number, bias: number, rows: number, channels: number, relu: number): void;
  biasBackward(y: number, dy: number, dbias: number, rows: number, channels: number, relu: number): void;
  readonly heapBase: { readonly value: number };
}
type Shape = [columns: number, channels: number, taps: number, stride: number];

/** float32 values in the trainer's memory. */
export interface Block {
  /** Byte address. */
  readonly at: number;
  readonly data: Float32Array;
}

const PAGE_BYTES = 65536;
/** Address space for everything a fit holds; pages are backed when they are first written. */
const MEMORY_BYTES = 1 << 30;
const ALIGNMENT = 64;

/** Memory of one fit, shared by its layers. It never grows, so views stay valid. */
export class TrainerMemory {
  readonly kernels: TrainerKernels;
  private readonly buffer: ArrayBuffer;
  private next: number;

  /** @throws CommandError where WebAssembly SIMD is missing */
  constructor() {
    const pages = MEMORY_BYTES / PAGE_BYTES;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(compiled(), { env: { memory } });
    this.kernels = instance.exports as unknown as TrainerKernels;
    this.buffer = memory.buffer;
    this.next = this.kernels.heapBase.value;
  }

  /** @throws CommandError when the network is too large for any board anyway */
  allocate(values: number): Block {
    const at = Math.ceil(this.next / ALIGNMENT) * ALIGNMENT;
    this.next = at + values * 4;
    if (this.next > MEMORY_BYTES) throw new CommandError('tooLarge', 'the network does not fit the trainer: use less');
    return { at, data: new Float32Array(this.buffer, at, values) };
  }
}

function compiled(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(trainerBinary());
  } catch {
    throw new CommandError(
      'noSimd',
      'this model is trained with WebAssembly SIMD, which is missing: use a newer machine',
    );
  }
}
