import { CborCursor } from './cbor-cursor.ts';

/** Header parameters by their label; each value as the bytes of its CBOR item. */
export type HeaderMap = ReadonlyMap<number | string, Uint8Array>;

/** Labels that this code knows (RFC 9052 §3.1). */
export const LABEL = { alg: 1, kid: 4 } as const;

/** Parameters of one map, and how deep their values nest: a countersignature (RFC 9338) holds a map in an array. */
const PARAMETERS_MAX = 16;
const DEPTH_MAX = 4;
const LABEL_BYTES_MAX = 64;

/**
 * Reads a header map (RFC 9052 §1.5, §3): labels are integers or texts, each there once.
 *
 * @returns null when there is none at the cursor, or not a sound one
 */
export function readHeaderMap(cursor: CborCursor): HeaderMap | null {
  if (!cursor.headOf(5) || cursor.argument > PARAMETERS_MAX) return null;
  const map = new Map<number | string, Uint8Array>();
  for (let left = cursor.argument; left > 0; left--) {
    const label = readLabel(cursor);
    const start = cursor.at;
    if (label === null || map.has(label) || !cursor.skip(DEPTH_MAX)) return null;
    map.set(label, cursor.bytes.subarray(start, cursor.at));
  }
  return map;
}

function readLabel(cursor: CborCursor): number | string | null {
  if (!cursor.head()) return null;
  if (cursor.major === 0) return cursor.argument;
  if (cursor.major === 1) return -1 - cursor.argument;
  if (cursor.major !== 3 || cursor.argument > LABEL_BYTES_MAX) return null;
  const text = cursor.take();
  return text === null ? null : String.fromCharCode(...text);
}

/** The integer at a label; null when none is there. */
export function integerIn(map: HeaderMap, label: number): number | null {
  const item = map.get(label);
  if (item === undefined) return null;
  const cursor = new CborCursor(item);
  if (!cursor.head() || cursor.major > 1) return null;
  return cursor.major === 0 ? cursor.argument : -1 - cursor.argument;
}

/** The byte string at a label; null when none is there. */
export function bytesIn(map: HeaderMap, label: number): Uint8Array | null {
  const item = map.get(label);
  return item === undefined ? null : new CborCursor(item).byteString();
}
