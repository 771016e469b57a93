/** Squared Euclidean distance of two vectors of one length. */
export function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) {
    const difference = a[d]! - b[d]!;
    sum += difference * difference;
  }
  return sum;
}
