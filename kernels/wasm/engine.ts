import { EngineError, ModelError } from '../errors.ts';
import { engineBinary } from './binary.generated.ts';
import type { WasmKernels } from './kernels.ts';

const PAGE_BYTES = 65536;
/** One cache line: a weight panel that straddles lines costs 7 % on x86. */
const ALIGNMENT = 64;
/**
 * More than `defaultModelLimits.arenaBytesMax`, so that adapters and a second small model fit beside the largest; less
 * than the 64 MiB outside of its heap that make V8 collect garbage at once, which takes a starting process 2 to 6 ms.
 */
const DEFAULT_MEMORY_BYTES = 60 * 1024 * 1024;

/**
 * Compiled kernels with a memory of fixed size. The memory never grows, so views into it stay valid for ever and any
 * number of interpreters and adapter sets may share one engine. The operating system backs a page when it is first
 * written: what is not used costs address space only.
 */
export interface WasmEngine {
  /** Null where WebAssembly SIMD is missing or not wanted: operators then run their plain twins, with the same bits. */
  readonly kernels: WasmKernels | null;
  /** The whole memory, once per element type: operators index these instead of making views. */
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /**
   * Takes `bytes` zeroed bytes for the life of the engine, or until `release`; only while something is prepared.
   * @returns the address, a multiple of 64.
   * @throws ModelError `modelTooLarge` when the memory is full.
   */
  allocate(bytes: number): number;
  /** Gives back everything allocated since `mark`, a former value of `usedBytes`; for a model that was refused. */
  release(mark: number): void;
}

export interface EngineOptions {
  /** Size of the memory; it never grows. */
  readonly memoryBytes?: number;
  /** `plain` leaves the compiled kernels out, as if the processor had no SIMD: slower, the same bits. */
  readonly kernels?: 'compiled' | 'plain';
}

/**
 * Reserves the engine's memory and compiles the kernels (about 1 ms); on a processor without SIMD the operators' plain
 * twins run instead. Each call makes an independent engine.
 *
 * @throws EngineError when not even the address space is to be had.
 */
export function createEngine(options: EngineOptions = {}): WasmEngine {
  const memoryBytes = options.memoryBytes ?? DEFAULT_MEMORY_BYTES;
  try {
    const module = options.kernels === 'plain' ? null : compileKernels();
    const pages = Math.ceil(memoryBytes / PAGE_BYTES);
    if (module === null) return new Engine(null, new ArrayBuffer(pages * PAGE_BYTES));
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    return new Engine(instance.exports as unknown as WasmKernels, memory.buffer);
  } catch (cause) {
    throw new EngineError(
      `the int8 engine cannot start, it needs ${memoryBytes} bytes of address space: use a smaller limit`,
      cause,
    );
  }
}

/** Null where the processor or the build of V8 lacks what the kernels need. */
function compileKernels(): WebAssembly.Module | null {
  if (typeof WebAssembly !== 'object') return null;
  try {
    return new WebAssembly.Module(engineBinary());
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

class Engine implements WasmEngine {
  readonly kernels: WasmKernels | null;
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly capacityBytes: number;
  private next: number;

  constructor(kernels: WasmKernels | null, buffer: ArrayBuffer) {
    this.kernels = kernels;
    this.uint8 = new Uint8Array(buffer);
    this.int8 = new Int8Array(buffer);
    this.int16 = new Int16Array(buffer);
    this.int32 = new Int32Array(buffer);
    this.float32 = new Float32Array(buffer);
    this.capacityBytes = buffer.byteLength;
    this.next = align(kernels?.heapBase.value ?? ALIGNMENT);
  }

  get usedBytes(): number {
    return this.next;
  }

  allocate(bytes: number): number {
    const address = this.next;
    const end = align(address + bytes);
    if (!(end <= this.capacityBytes)) {
      throw new ModelError(
        'modelTooLarge',
        `${bytes} bytes more do not fit the engine's ${this.capacityBytes} (${address} are taken): use a smaller model`,
      );
    }
    this.next = end;
    return address;
  }

  release(mark: number): void {
    this.uint8.fill(0, mark, this.next);
    this.next = mark;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
