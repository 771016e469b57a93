/**
 * Between this process and the one in which the native engine lives: requests and replies in turn, each a header of two
 * 32-bit words in the machine's own order (what, length of what follows in bytes) and the bytes.
 */
export const HEADER_BYTES = 8;

export const Request = {
  /** Bytes: the model. Reply: JSON, `NativeEnds`. */
  load: 1,
  /** Bytes: all inputs, one after the other. Reply: all outputs. */
  infer: 2,
  /** Bytes: a 32-bit number of inferences. Reply: a double, nanoseconds. */
  time: 3,
} as const;

export const Reply = {
  done: 0,
  /** Bytes: TFLite's words. */
  refused: 1,
  /** Bytes: why the addon cannot be loaded at all, on this processor or C library. */
  unusable: 2,
} as const;

/** Length of every input and output in bytes. */
export interface NativeEnds {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
