/** A place inside a JSON or CBOR value: the reference tokens of a JSON Pointer (RFC 6901), unescaped. */
export type JsonPointer = readonly string[];

const TOKENS_MAX = 16;

/** Reads a pointer such as `/values/0/x`; the empty text is the whole value. Null when it is not one. */
export function parsePointer(text: string): JsonPointer | null {
  if (text === '') return [];
  // RFC 6901 §3: every token begins with a slash; a tilde is followed by 0 or 1.
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  const tokens = text.slice(1).split('/');
  // §4: ~1 first, so that ~01 becomes ~1 and not a slash.
  return tokens.length > TOKENS_MAX ? null : tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What lies there, or undefined. Own members only: a stranger's value must not reach into prototypes. */
export function valueAt(value: unknown, pointer: JsonPointer): unknown {
  let at = value;
  for (const token of pointer) {
    if (typeof at !== 'object' || at === null) return undefined;
    // §4: an index has no leading zeros.
    if (Array.isArray(at) && !/^(0|[1-9]\d*)$/.test(token)) return undefined;
    if (!Object.hasOwn(at, token)) return undefined;
    at = (at as Record<string, unknown>)[token];
  }
  return at;
}
