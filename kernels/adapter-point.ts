/** A dense layer as adapters and learning see it: views of the engine's memory and of the model file, to be read. */
export interface AdapterPoint {
  /** Index of the operator in the subgraph. */
  readonly operator: number;
  /** Rows of one inference; 1 unless a dense layer is applied along a sequence. */
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly inputScale: number;
  /** [out]: repeated when the weights are quantised per tensor. */
  readonly weightScale: Float32Array;
  readonly outputScale: number;
  readonly outputZeroPoint: number;
  /** Clamp range in force (fused activation), int8 units. */
  readonly activationMin: number;
  readonly activationMax: number;
  /** [out × in], row-major, zero point 0. */
  readonly weights: Int8Array;
  /** x − zeroPoint of the last invoke, valid until the next one with `keepActivations`. */
  readonly input: Int16Array;
  /** Where the `inFeatures` values of a row begin in `input`; 0 for row 0. */
  inputIndex(row: number): number;
  /** Output of the last invoke, valid until the next one with `keepActivations`: q − `outputOffset`. */
  readonly output: Int8Array | Int16Array;
  /** Where the `outFeatures` values of a row begin in `output`; 0 for row 0. */
  outputIndex(row: number): number;
  /** 0, or the zero point where the engine keeps outputs without it. */
  readonly outputOffset: number;
}

/** Byte addresses of one point's factors in the engine's memory. */
export interface AdapterAddresses {
  readonly loraA: number;
  readonly loraAScale: number;
  readonly loraB: number;
  readonly bias: number;
}
