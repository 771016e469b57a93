const LENGTH_MAX = 80;

/**
 * A name out of a file as it may stand in a message: names come over the air, so control characters (which could
 * rewrite a terminal) become `?`, and at most 80 characters are left.
 */
export function printable(name: string): string {
  const short = name.length > LENGTH_MAX ? `${name.slice(0, LENGTH_MAX)}...` : name;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
