/** Of some words the one with the fewest letters to change, add or take away (Levenshtein 1966). */
export const nearest = (word: string, words: readonly string[]): string => {
  const [first = '', ...others] = words;
  return others.reduce((best, next) => (distance(word, next) < distance(word, best) ? next : best), first);
};

const distance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = above[j]! + (a[i] === b[j] ? 0 : 1);
      row.push(Math.min(change, above[j + 1]! + 1, row[j]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
};
