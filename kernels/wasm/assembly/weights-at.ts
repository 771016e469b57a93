/** Four output channels of two consecutive k, of packed weights: int16 as they lie, or int8 widened on the way. */
// @ts-ignore: decorator
@inline
export function weightsAt<T>(address: usize, quarter: usize): v128 {
  return sizeof<T>() == 1 ? v128.load8x8_s(address + quarter * 8) : v128.load(address + quarter * 16);
}
