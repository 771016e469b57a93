import type { ConvolutionGeometry } from './ops/convolution-geometry.ts';

/** A dense layer or a convolution as adapters and learning see it: views of the engine's memory and of the file. */
export interface AdapterPoint {
  /** Index of the operator in the subgraph. */
  readonly operator: number;
  /** A dense layer is a convolution of 1×1 over its rows. */
  readonly geometry: ConvolutionGeometry;
  /** Rows of one inference: pixels of a convolution's output, 1 for a dense layer unless it runs along a sequence. */
  readonly rows: number;
  /** Products of one output: kh × kw × channels of a convolution, of which each row of A is a filter. */
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
  /** x − zeroPoint of the last invoke, valid until the next one with `keepActivations`; zeros where padding is read. */
  readonly input: Int16Array;
  /** Where the first run of values of a row begins in `input`; 0 for row 0. */
  inputIndex(row: number): number;
  readonly windows: WindowAddresses;
  /** Output of the last invoke, valid until the next one with `keepActivations`: q − `outputOffset`. */
  readonly output: Int8Array | Int16Array;
  /** Where the `outFeatures` values of a row begin in `output`; 0 for row 0. */
  outputIndex(row: number): number;
  /** 0, or the zero point where the engine keeps outputs without it. */
  readonly outputOffset: number;
}

/** Where the rows of a layer's input lie in the engine's memory, int16: each is a few runs of consecutive values. */
export interface WindowAddresses {
  /** Byte address that all offsets count from. */
  readonly input: number;
  /** Addresses of int32 tables of byte offsets: of each row, and of each run within a row. */
  readonly rows: number;
  readonly runs: number;
  readonly runCount: number;
  readonly runLength: number;
}

/** Byte addresses of one point's factors in the engine's memory. */
export interface AdapterAddresses {
  readonly loraA: number;
  readonly loraAScale: number;
  readonly loraB: number;
  readonly bias: number;
}
