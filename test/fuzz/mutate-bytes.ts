import { type Draw, INTERESTING } from './draw.ts';

/** Changes a file without knowing what its bytes mean; says what it did. */
export type ByteMutation = (bytes: Uint8Array, other: Uint8Array, draw: Draw) => [what: string, bytes: Uint8Array];

/** Structure sits at both ends of a file, weights between them: most changes go where they can hurt. */
const STRUCTURE_BYTES = 12_000;

function place(length: number, draw: Draw): number {
  const edge = Math.min(length, STRUCTURE_BYTES) * draw.unit() ** 2;
  return Math.max(0, Math.min(length - 4, Math.floor(draw.chance(0.5) ? edge : length - edge)));
}

const flipBits: ByteMutation = (bytes, _, draw) => {
  const broken = Uint8Array.from(bytes);
  const count = 1 + draw.below(8);
  const places = Array.from({ length: count }, () => place(broken.length, draw));
  for (const at of places) broken[at] = broken[at]! ^ (1 << draw.below(8));
  return [`bits flipped in bytes ${places}`, broken];
};

const overwriteWords: ByteMutation = (bytes, _, draw) => {
  const broken = Uint8Array.from(bytes);
  const view = new DataView(broken.buffer);
  const changes = Array.from({ length: 1 + draw.below(3) }, () => {
    const at = place(broken.length, draw) & ~3;
    const value = draw.of(INTERESTING);
    view.setInt32(at, value, true);
    return `${value} at ${at}`;
  });
  return [`words ${changes.join(', ')}`, broken];
};

const cut: ByteMutation = (bytes, _, draw) => {
  const length = draw.chance(0.5) ? draw.below(bytes.length) : Math.max(0, bytes.length - 1 - draw.below(64));
  return [`cut to ${length} bytes`, bytes.slice(0, length)];
};

/** A piece of this file or of another one over a piece of this, or put in between. */
const splice: ByteMutation = (bytes, other, draw) => {
  const source = draw.chance(0.5) ? bytes : other;
  const from = place(source.length, draw) & ~3;
  const length = 4 * (1 + draw.below(64));
  const piece = source.subarray(from, from + length);
  const at = place(bytes.length, draw) & ~3;
  const instead = draw.chance(0.7) ? piece.length : 0;
  const result = new Uint8Array([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at + instead)]);
  return [
    `${piece.length} bytes of ${source === bytes ? 'its own' : 'another file'} from ${from} put at ${at}`,
    result,
  ];
};

export const byteMutations: readonly ByteMutation[] = [flipBits, flipBits, overwriteWords, overwriteWords, cut, splice];
