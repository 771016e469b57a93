/** Values that the integer types of activations can hold. */
export const INT8_RANGE: readonly [number, number] = [-128, 127];
export const INT16_RANGE: readonly [number, number] = [-32768, 32767];
