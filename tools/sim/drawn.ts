import type { Random } from '../../kernels/random.ts';

/** `count` of the numbers below `of`. */
export function drawn(of: number, count: number, random: Random): ReadonlySet<number> {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, of)) chosen.add(random.integer(of));
  return chosen;
}
