/** Of some words the one that is the fewest edits away. */
export const nearest = (word: string, words: readonly string[]): string => {
  const [first = '', ...others] = words;
  const closer = (best: string, next: string): string =>
    editDistance(word, next) < editDistance(word, best) ? next : best;
  return others.reduce(closer, first);
};

/**
 * Letters to change, add, take away or swap with their neighbour to make one word of the other, no part edited twice
 * (optimal string alignment: Damerau 1964, Levenshtein 1966).
 */
export const editDistance = (a: string, b: string): number => {
  let [twoAbove, above]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = above[j]! + (a[i] === b[j] ? 0 : 1);
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swap = swapped ? twoAbove[j - 1]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(change, above[j + 1]! + 1, row[j]! + 1, swap));
    }
    [twoAbove, above] = [above, row];
  }
  return above[b.length]!;
};
