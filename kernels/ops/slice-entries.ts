import type { PrepareContext } from './prepare-context.ts';

/** One dimension of the input, null being an open end, or a dimension of 1 that only the output has. */
export type SliceEntry =
  | 'newAxis'
  | { readonly begin: number | null; readonly end: number | null; readonly stride: number; readonly shrinks: boolean };

const WHOLE: SliceEntry = { begin: null, end: null, stride: 1, shrinks: false };

/**
 * Begins, ends and strides of a STRIDED_SLICE with its masks resolved: exactly one entry for each of the `rank`
 * dimensions of the input, in order, new axes between them. The ellipsis stands for as many whole dimensions as are
 * left; without one they are left at the end.
 */
export function readSliceEntries(context: PrepareContext, rank: number): SliceEntry[] {
  const [begins, ends, strides] = [context.integers(1), context.integers(2), context.integers(3)];
  const named = begins.length;
  if (ends.length !== named || strides.length !== named) {
    context.refuse(`has ${named} begins, ${ends.length} ends and ${strides.length} strides`);
  }
  if (context.option('offset') !== 0) context.refuse('counts its ends from its begins');
  const has = (mask: string, at: number): boolean => at < 32 && ((context.option(mask) >>> at) & 1) === 1;
  const places = Array.from({ length: named }, (_, at) => at);
  const ellipses = places.filter((at) => has('ellipsisMask', at));
  if (ellipses.length > 1) context.refuse('has more than one ellipsis');
  const ellipsis = ellipses[0] ?? named;
  const taken = places.filter((at) => at !== ellipsis && !has('newAxisMask', at)).length;
  if (taken > rank) context.refuse(`slices ${taken} dimensions of a tensor that has ${rank}`);
  const whole = new Array<SliceEntry>(rank - taken).fill(WHOLE);
  const entry = (at: number): SliceEntry =>
    has('newAxisMask', at)
      ? 'newAxis'
      : {
          begin: has('beginMask', at) ? null : begins[at]!,
          end: has('endMask', at) ? null : ends[at]!,
          stride: strides[at]!,
          shrinks: has('shrinkAxisMask', at),
        };
  return [...places.slice(0, ellipsis).map(entry), ...whole, ...places.slice(ellipsis + 1).map(entry)];
}
