/** The compiled kernels (kernels/wasm/assembly). Addresses are byte offsets into the engine's memory. */
export interface WasmKernels {
  /** Runs the records (assembly/records.ts) from `record` up to `end`; `adapters` is their table of adapters, or 0. */
  run(record: number, end: number, adapters: number): void;
  /** First byte that the kernels' own static data does not use. */
  readonly heapBase: { readonly value: number };
}
