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
