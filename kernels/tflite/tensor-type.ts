/** Element types of schema v3 (`TensorType`), in the numbering of the file format. */
export const TensorType = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  string: 5,
  bool: 6,
  int16: 7,
  complex64: 8,
  int8: 9,
  float64: 10,
  complex128: 11,
  uint64: 12,
  resource: 13,
  variant: 14,
  uint32: 15,
  uint16: 16,
  int4: 17,
} as const;

/** Bits of one element by type; 0 = no fixed size (strings, resources, variants), which the reader refuses. */
const ELEMENT_BITS: readonly number[] = [32, 16, 32, 8, 64, 0, 8, 16, 64, 8, 64, 128, 64, 0, 0, 32, 16, 4];

const NAMES: readonly string[] = Object.keys(TensorType);

/** Name of a type for messages and reports, e.g. `int8`; `type 42` for a number outside the schema. */
export function tensorTypeName(type: number): string {
  return NAMES[type] ?? `type ${type}`;
}

/** Bytes that `elements` values of `type` take, or -1 when the type has no fixed element size. */
export function tensorBytes(type: number, elements: number): number {
  const bits = ELEMENT_BITS[type] ?? 0;
  return bits === 0 ? -1 : Math.ceil((elements * bits) / 8);
}

/** Range of zero points that `type` can hold; wider integer types than 16 bits are quantised symmetrically. */
export function zeroPointRange(type: number): readonly [number, number] {
  switch (type) {
    case TensorType.int8:
      return [-128, 127];
    case TensorType.uint8:
      return [0, 255];
    case TensorType.int4:
      return [-8, 7];
    case TensorType.int16:
      return [-32768, 32767];
    case TensorType.uint16:
      return [0, 65535];
    default:
      return [0, 0];
  }
}
