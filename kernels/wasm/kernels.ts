/** The compiled kernels (kernels/wasm/assembly). Addresses are byte offsets into the engine's memory. */
export interface WasmKernels {
  /** Runs the records (assembly/records.ts) from `record` up to `end`; `adapters` is their table of adapters, or 0. */
  run(record: number, end: number, adapters: number): void;
  /** Weights, int8 in the engine's memory, as the kernels read them; see assembly/pack.ts. */
  packPanels(
    weights: number,
    packed: number,
    columns: number,
    channels: number,
    segments: number,
    length: number,
    compact: number,
  ): void;
  packCoupled(weights: number, packed: number, channels: number, length: number): void;
  packTaps(weights: number, packed: number, channels: number, taps: number): void;
  packWinograd(weights: number, packed: number, out: number, channels: number, height: number, width: number): void;
  /**
   * A low-rank adapter on a batch (assembly/adapter-batch.ts); `base` is 0 for none. Not in the file that a gateway has
   * (assembly/node.ts): it judges one window at a time.
   */
  adapterBatch?(
    x: number,
    a: number,
    b: number,
    base: number,
    out: number,
    batch: number,
    inFeatures: number,
    outFeatures: number,
    rank: number,
    scaling: number,
  ): void;
  /** A x of every row of a layer's input (assembly/adapter.ts): float32 [pixels × rank]. */
  adapterProject(
    x: number,
    rows: number,
    pixels: number,
    runs: number,
    length: number,
    count: number,
    loraA: number,
    loraAScale: number,
    rank: number,
    inputScale: number,
    to: number,
  ): void;
  /** Gradients (assembly/*-gradient.ts); `geometry` is the address of the words of assembly/records.ts. */
  convolutionGradient(geometry: number, g: number, w: number, channels: number, dx: number, zeros: number): void;
  depthwiseGradient(geometry: number, g: number, w: number, dx: number): void;
  adapterGradient(
    g: number,
    u: number,
    loraB: number,
    pixels: number,
    channels: number,
    rank: number,
    bias: number,
    b: number,
    back: number,
  ): void;
  filterGradient(
    x: number,
    rows: number,
    pixels: number,
    runs: number,
    length: number,
    count: number,
    back: number,
    rank: number,
    a: number,
  ): void;
  /** The same with a B for each row, of which `b` has the addresses (assembly/adapter-many.ts). */
  adapterMany?(
    x: number,
    a: number,
    b: number,
    base: number,
    out: number,
    batch: number,
    inFeatures: number,
    outFeatures: number,
    rank: number,
    scaling: number,
  ): void;
  /** First byte that the kernels' own static data does not use. */
  readonly heapBase: { readonly value: number };
}

/** The inner loops of learning, which have plain twins (kernels/gradient/plain-kernels.ts). */
export type GradientKernels = Pick<
  WasmKernels,
  'adapterProject' | 'adapterGradient' | 'filterGradient' | 'convolutionGradient' | 'depthwiseGradient'
>;
