export const STAR_SITE = 'site';
export const STAR_LINEAGE = '00112233aabbccdd';
export const STAR_SIZE = 6;
export const STAR_PARTS = [
  { offset: 0, length: 4 },
  { offset: 4, length: 2 },
];

/** [size], what the first labels of a node taught in all: each adds a number of its own to one parameter. */
export const taughtBy = (node: string, labels: number): Float64Array => {
  const values = new Float64Array(STAR_SIZE);
  const seed = node.charCodeAt(node.length - 1);
  for (let label = 0; label < labels; label++) values[label % STAR_SIZE]! += ((label * 7 + seed) % 5) - 1;
  return values;
};
