const CHARS_MAX = 1_024;

/** Says whether a text is a topic filter: `#` last, `+` and `#` alone in a level [MQTT-4.7.1-2], [MQTT-4.7.1-3]. */
export function isTopicFilter(text: string): boolean {
  if (text.length === 0 || text.length > CHARS_MAX || text.includes('\0')) return false;
  const levels = text.split('/');
  return levels.every((level, at) => {
    if (level === '#') return at === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
}

/**
 * Says whether every topic that `narrow` matches is matched by `wide`, so that who may read `wide` may subscribe to
 * `narrow`. A topic name is the narrowest filter. `#` covers the level above it too [MQTT-4.7.1-2]; neither wildcard
 * covers topics that begin with `$` [MQTT-4.7.2-1].
 */
export function filterCovers(wide: string, narrow: string): boolean {
  if (narrow.startsWith('$') && !wide.startsWith('$')) return false;
  const [outer, inner] = [wide.split('/'), narrow.split('/')];
  for (const [i, level] of outer.entries()) {
    if (level === '#') return true;
    const at = inner[i];
    if (at === undefined || at === '#' || (level !== '+' && level !== at)) return false;
  }
  return inner.length === outer.length;
}
