/** Plain in-memory form of a TFLite model (schema v3), which the reader makes and the writer takes. */
export interface TfliteModel {
  readonly description: string;
  readonly operatorCodes: readonly OperatorCode[];
  /** The only subgraph: control flow over several is outside of what the engine runs. */
  readonly subgraph: Subgraph;
  /** Contents of the buffers; number 0 is the empty one by convention. Views into the file, never copied. */
  readonly buffers: readonly Uint8Array[];
  readonly metadata: readonly ModelMetadata[];
}

export interface OperatorCode {
  /** Number of the builtin operator (`BuiltinOperator`); 32 = custom. */
  readonly builtin: number;
  /** Name of a custom operator, empty for builtins. */
  readonly custom: string;
  readonly version: number;
}

export interface Subgraph {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  /** In execution order: every tensor is written before it is read. */
  readonly operators: readonly Operator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Tensor {
  readonly name: string;
  readonly type: number;
  /** Dimensions, each ≥ 1, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Dimensions with -1 where the exporter left them open; empty when none are. Only kept for other tools. */
  readonly shapeSignature: readonly number[];
  readonly buffer: number;
  readonly isVariable: boolean;
  readonly quantisation: Quantisation | null;
}

/** real = scale × (q − zeroPoint), per tensor (one entry) or per slice along `quantizedDimension`. */
export interface Quantisation {
  /** Finite and > 0, float32. Empty when the exporter stored only a range. */
  readonly scale: Float32Array;
  /** As many as scales. */
  readonly zeroPoint: Int32Array;
  /** Range seen at calibration; may be empty. */
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly quantizedDimension: number;
}

export interface Operator {
  readonly opcodeIndex: number;
  /** Tensor indices; -1 = optional input left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly intermediates: readonly number[];
  readonly mutatingVariableInputs: readonly number[];
  readonly options: OperatorOptions | null;
  readonly customOptions: Uint8Array;
}

/** One table of the `BuiltinOptions` union: its number, and its fields by the names of `options.ts`. */
export interface OperatorOptions {
  readonly type: number;
  readonly fields: Readonly<Record<string, OptionValue>>;
}

export type OptionValue = number | boolean | string | bigint | readonly number[];

export interface ModelMetadata {
  readonly name: string;
  readonly bytes: Uint8Array;
}
