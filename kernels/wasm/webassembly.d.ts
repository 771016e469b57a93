/**
 * The few WebAssembly names that the engine uses. They are part of every JavaScript engine, but TypeScript declares
 * them only together with the browser's DOM, which kernels/ must not see.
 */
declare namespace WebAssembly {
  /** Whether bytes are a module that this engine can compile. */
  function validate(bytes: Uint8Array): boolean;
  class CompileError extends Error {}
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
