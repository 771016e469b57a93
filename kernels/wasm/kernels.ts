/** The compiled kernels (kernels/wasm/assembly). Addresses are byte offsets into the engine's memory. */
export interface WasmKernels {
  widen(input: number, output: number, count: number, zeroPoint: number): void;
  dense(
    input: number,
    weights: number,
    start: number,
    scale: number,
    output: number,
    pairs: number,
    out: number,
    outputZeroPoint: number,
    activationMin: number,
    activationMax: number,
  ): void;
  adapterForward(
    x: number,
    loraA: number,
    loraAScale: number,
    loraB: number,
    bias: number,
    step: number,
    start: number,
    adjusted: number,
    hidden: number,
    count: number,
    out: number,
    rank: number,
    inputScale: number,
    scaling: number,
  ): void;
  /** First byte that the kernels' own static data does not use. */
  readonly heapBase: { readonly value: number };
}
