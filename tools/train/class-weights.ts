/** Weight of each class, so that all weigh alike in the loss and the mean weight of a row is 1. */
export function classWeights(truth: Int16Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const label of truth) counts[label]! += 1;
  const present = counts.filter((n) => n > 0).length;
  return counts.map((n) => (n === 0 ? 0 : truth.length / (present * n)));
}
