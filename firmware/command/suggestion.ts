import { editDistance } from '../configuration/nearest.ts';

/** Beyond these, it is another word and not one mistyped (commander 14, lib/suggestSimilar.js). */
const EDITS_MAX = 3;
const LIKENESS_MIN = 0.4;

/**
 * What somebody meant who wrote a word that is none: a line to put below the complaint, empty when nothing is like it.
 * Two dashes before a word don't make it like another.
 */
export const suggestion = (word: string, names: readonly string[]): string => {
  const prefix = word.startsWith('--') ? 2 : 0;
  const rated = names
    .filter((name) => name.length - prefix > 1)
    .map((name) => {
      const [a, b] = [word.slice(prefix), name.slice(prefix)];
      const edits = editDistance(a, b);
      return { name, edits, alike: 1 - edits / Math.max(a.length, b.length) };
    })
    .filter(({ edits, alike }) => edits <= EDITS_MAX && alike > LIKENESS_MIN);
  const least = Math.min(...rated.map(({ edits }) => edits));
  const best = rated.filter(({ edits }) => edits === least).map(({ name }) => name);
  if (best.length === 0) return '';
  return `\n(Did you mean ${best.length > 1 ? `one of ${best.sort().join(', ')}` : best[0]}?)`;
};
