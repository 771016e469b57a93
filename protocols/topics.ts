import { isName } from './names.ts';

/** What a node publishes (or, for `label`, `label/range` and `alarm/acknowledge`, reads) below its own name. */
export const TOPIC_KINDS = [
  'decision',
  'decision/json',
  'state/json',
  'alarm',
  'alarm/json',
  'alarm/acknowledge',
  'ask',
  'ask/json',
  'availability',
  'label',
  'label/ack',
  'label/range',
  'label/range/ack',
  'presence',
  'telemetry',
] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

export interface TopicParts {
  readonly site: string;
  readonly node: string;
  readonly kind: TopicKind;
}

/** Version 1 of the tree: a node that speaks 2 lives in another tree and never reads ours by accident. */
const ROOT = 'mx/1';

/**
 * The topic name `mx/1/<site>/<node>/<kind>` (DESIGN §5).
 *
 * @throws RangeError when a name breaks the rule of names: configuration and flags are checked before they get here
 */
export function topicName(site: string, node: string, kind: TopicKind): string {
  if (!isName(site) || !isName(node)) throw new RangeError(`no topic can hold the names ${site}/${node}`);
  return `${ROOT}/${site}/${node}/${kind}`;
}

/** A topic filter; a site or node left out matches all of them (`+`, [MQTT-4.7.1-3]). */
export function topicFilter(
  kind: TopicKind,
  of: { site?: string | undefined; node?: string | undefined } = {},
): string {
  for (const name of [of.site, of.node]) {
    if (name !== undefined && !isName(name)) throw new RangeError(`no topic can hold the name ${name}`);
  }
  return `${ROOT}/${of.site ?? '+'}/${of.node ?? '+'}/${kind}`;
}

/** The parts of a topic name, or null when it is not one of ours. */
export function parseTopic(topic: string): TopicParts | null {
  const levels = topic.split('/', 7);
  const [mx, version, site, node] = levels;
  if (`${mx}/${version}` !== ROOT || site === undefined || node === undefined) return null;
  const kind = TOPIC_KINDS.find((known) => known === levels.slice(4).join('/'));
  return kind !== undefined && isName(site) && isName(node) ? { site, node, kind } : null;
}

/** Says whether a topic name matches a filter (`+` one level, `#` the rest; [MQTT-4.7.1-2], [MQTT-4.7.1-3]). */
export function matchesFilter(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
