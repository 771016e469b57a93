import { type Draw, INTERESTING } from './draw.ts';
import type { Place } from './file-places.ts';

const FLOATS = [0, -1, Number.NaN, Infinity, 1e-45, 3e38, 1e-9, 1000];

/** Overwrites one to three numbers of a file in place, so that everything else keeps its position. */
export function overwritePlaces(file: Uint8Array, places: readonly Place[], draw: Draw): [string, Uint8Array] {
  const broken = Uint8Array.from(file);
  const view = new DataView(broken.buffer);
  const changes = Array.from({ length: 1 + draw.below(3) }, () => {
    const { what, at, bytes } = draw.of(places);
    if (bytes === 4 && draw.chance(0.15)) {
      const value = draw.of(FLOATS);
      view.setFloat32(at, value, true);
      return `${what} = ${value}`;
    }
    const before =
      { 1: () => view.getInt8(at), 2: () => view.getInt16(at, true) }[bytes] ?? (() => view.getInt32(at, true));
    const value = draw.of([
      draw.of(INTERESTING),
      draw.of(INTERESTING),
      before() + 1,
      before() - 1,
      before() + 4,
      before() * 2,
    ]);
    if (bytes === 1) view.setInt8(at, value);
    else if (bytes === 2) view.setInt16(at, value, true);
    else view.setInt32(at, value, true);
    // The upper half of an int64 follows the sign, as a rule.
    if (bytes === 8) view.setInt32(at + 4, draw.chance(0.8) ? value >> 31 : draw.of(INTERESTING), true);
    return `${what} = ${value}`;
  });
  return [changes.join(', '), broken];
}
