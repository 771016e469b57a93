import { RULES } from './create-defence.ts';
import type { DefenceName } from './defence.ts';
import { ROBUST } from './settings.ts';

/**
 * What the increments of one round come to together, by the rules that a node of the mesh has against its peers. `none`
 * is the mean. With too few for a rule, clipping stands in for it, as it does there.
 *
 * @param increments [n >= 1][D], one of each agent; left as they are
 * @returns [D]
 */
export function combineBatch(name: DefenceName, increments: readonly Float64Array[]): Float64Array {
  if (name === 'none') return mean(increments);
  const rule = name === 'clip' ? null : RULES[name];
  if (rule === null || increments.length < rule.candidatesMin) return mean(clipped(increments));
  const out = new Float64Array(increments[0]!.length);
  rule.combine(increments, out);
  return out;
}

function mean(vectors: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let d = 0; d < out.length; d++) out[d] = out[d]! + vector[d]! / vectors.length;
  return out;
}

/**
 * Centred clipping (Karimireddy, He and Jaggi 2021, arXiv 2012.10333, eq. 4) around the coordinator's own parameters:
 * an increment is as long as the median of the *others'* at most, times `reach`. Alone it is taken as it comes.
 */
function clipped(increments: readonly Float64Array[]): readonly Float64Array[] {
  const lengths = increments.map((vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)));
  return increments.map((vector, i) => {
    const others = Float64Array.from(lengths.filter((_, other) => other !== i)).sort();
    // The lower one of two middles: between an honest and a lying half it is the honest one.
    const radius = others.length === 0 ? lengths[i]! : ROBUST.clip.reach * others[(others.length - 1) >> 1]!;
    return lengths[i]! > radius ? vector.map((value) => (value * radius) / lengths[i]!) : vector;
  });
}
