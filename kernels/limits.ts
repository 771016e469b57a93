/**
 * How weights lie in memory: `fast` as int16, twice their size in the file; `compact` as int8, for boards where that
 * counts more than some 15 % of time.
 */
export type Packing = 'fast' | 'compact';

/**
 * Every bound on a model, in one place. Models come over the air, so each number in a file is compared with one of
 * these before memory is taken for it. A board profile may lower them; `defaultModelLimits` suits a 512 MB gateway.
 */
export interface ModelLimits {
  /** Length of the .tflite file, bytes. */
  readonly modelBytesMax: number;
  /** Memory the interpreter may take in the engine (packed weights + activations + scratch), bytes. */
  readonly arenaBytesMax: number;
  /** Memory that learning may take there on top: slopes, activations that wait for the way back, weights; bytes. */
  readonly learningArenaBytesMax: number;
  /** Memory of what learns and its optimiser (`learningStateBytes`), bytes. */
  readonly learningStateBytesMax: number;
  readonly operatorCodesMax: number;
  readonly tensorsMax: number;
  readonly operatorsMax: number;
  readonly buffersMax: number;
  readonly metadataMax: number;
  /** Dimensions of one tensor. */
  readonly rankMax: number;
  /** Elements of one tensor: the product of its shape. */
  readonly tensorElementsMax: number;
  /** Stride, dilation or side of a window, in elements. */
  readonly windowMax: number;
  /** Work of one inference in multiply-adds of the compiled kernels; see `work-budget.ts` for what else counts. */
  readonly multiplyAddsMax: number;
  /** Tensors one operator may read or write, and entries of one options vector. */
  readonly operatorTensorsMax: number;
  /** UTF-8 bytes of a tensor name, description or metadata name. */
  readonly nameBytesMax: number;
  /** What the bound on memory was chosen for. */
  readonly packing: Packing;
}

export const defaultModelLimits: ModelLimits = {
  modelBytesMax: 16 * 1024 * 1024,
  // Dense weights are stored as int16, twice their size in the file, next to the activations.
  arenaBytesMax: 48 * 1024 * 1024,
  learningArenaBytesMax: 8 * 1024 * 1024,
  learningStateBytesMax: 8 * 1024 * 1024,
  operatorCodesMax: 256,
  tensorsMax: 4096,
  operatorsMax: 1024,
  buffersMax: 8192,
  metadataMax: 64,
  // TFLite's own kernels end at 6 dimensions; 8 leaves room for what only reshapes.
  rankMax: 8,
  tensorElementsMax: 16 * 1024 * 1024,
  // The longest side of an image that could be used; products with any other number of a model stay exact.
  windowMax: 65_536,
  // Twice a MobileNet of 224 × 224 pixels. A PC is through with it in a quarter of a second, and within about one even
  // where all of it runs in plain code: whoever watches a compute worker takes longer silence for a hang.
  multiplyAddsMax: 1_200_000_000,
  operatorTensorsMax: 128,
  // Fused layers carry the joined names of all the layers they came from.
  nameBytesMax: 4096,
  packing: 'fast',
};
