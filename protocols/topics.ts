import { FLEET, isName } from './names.ts';

/** What a node publishes (or, for `label`, `label/range` and `alarm/acknowledge`, reads) below its own name. */
export const TOPIC_KINDS = [
  'adapter',
  'decision',
  'decision/json',
  'state/json',
  'alarm',
  'alarm/json',
  'alarm/acknowledge',
  'ask',
  'ask/json',
  'availability',
  'enrolment',
  'label',
  'label/ack',
  'label/range',
  'label/range/ack',
  'presence',
  'telemetry',
  'update',
] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

/** What is said to one member: its name is the last level. */
const ADDRESSED_KINDS = ['gossip', 'tree'] as const;
type AddressedKind = (typeof ADDRESSED_KINDS)[number];
/** Either end left out matches all. */
type Ends = { readonly node?: string | undefined; readonly peer?: string | undefined };

export interface TopicParts {
  readonly site: string;
  /** Who publishes there, or for what is heard, who hears; `fleet` for the operator's revocations. */
  readonly node: string;
  readonly kind: TopicKind | AddressedKind | 'revocation';
  /** Whom gossip, or a message of a tree, is for. */
  readonly peer?: string;
}

/** Version 1 of the tree: a node that speaks 2 lives in another tree and never reads ours by accident. */
const ROOT = 'mx/1';

/**
 * The topic name `mx/1/<site>/<node>/<kind>` (DESIGN §5).
 *
 * @throws RangeError when a name breaks the rule of names: configuration and flags are checked before they get here
 */
export function topicName(site: string, node: string, kind: TopicKind): string {
  for (const name of [site, node]) requireTopicLevel(name);
  return `${ROOT}/${site}/${node}/${kind}`;
}

/**
 * Where `node` gossips to `peer`: `mx/1/<site>/<node>/gossip/<peer>`. It publishes below its own name, as everywhere,
 * and the peer subscribes to its own name at the end of all of them.
 *
 * @throws RangeError as `topicName`
 */
export function gossipTopic(site: string, node: string, peer: string): string {
  return addressed('gossip', site, { node, peer });
}

/** What a node listens to for gossip meant for it; other ends left out match all. @throws RangeError */
export function gossipFilter(site: string, ends: Ends): string {
  return addressed('gossip', site, ends);
}

/** Where `node` hands on a publication, or says how far one is: `mx/1/<site>/<node>/tree/<peer>`. @throws RangeError */
export function treeTopic(site: string, node: string, peer: string): string {
  return addressed('tree', site, { node, peer });
}

/** As `gossipFilter`, for messages of a tree. @throws RangeError */
export function treeFilter(site: string, ends: Ends): string {
  return addressed('tree', site, ends);
}

function addressed(kind: AddressedKind, site: string, { node, peer }: Ends): string {
  for (const name of [site, node, peer]) if (name !== undefined) requireTopicLevel(name);
  return `${ROOT}/${site}/${node ?? '+'}/${kind}/${peer ?? '+'}`;
}

/** Where the operator's revocations are retained: `mx/1/<site>/fleet/revocation`. @throws RangeError */
export function revocationTopic(site: string): string {
  requireTopicLevel(site);
  return `${ROOT}/${site}/${FLEET}/revocation`;
}

/** A topic filter; a site or node left out matches all of them (`+`, [MQTT-4.7.1-3]). */
export function topicFilter(
  kind: TopicKind,
  of: { site?: string | undefined; node?: string | undefined } = {},
): string {
  for (const name of [of.site, of.node]) if (name !== undefined) requireTopicLevel(name);
  return `${ROOT}/${of.site ?? '+'}/${of.node ?? '+'}/${kind}`;
}

/** Everything of a site. @throws RangeError */
export function siteFilter(site: string): string {
  requireTopicLevel(site);
  return `${ROOT}/${site}/#`;
}

/** Says whether a topic name or filter reaches into the trees of sites, of this version or another. */
export function isOurs(filter: string): boolean {
  return ['mx', '+', '#'].includes(filter.split('/', 1)[0]!);
}

/** The parts of a topic name, or null when it is not one of ours. */
export function parseTopic(topic: string): TopicParts | null {
  const levels = topic.split('/', 7);
  const [mx, version, site, node] = levels;
  if (`${mx}/${version}` !== ROOT || site === undefined || node === undefined) return null;
  if (!isName(site)) return null;
  const rest = levels.slice(4);
  if (node === FLEET) return rest.join('/') === 'revocation' ? { site, node, kind: 'revocation' } : null;
  if (!isName(node)) return null;
  const [first, peer = '', more] = rest;
  const named = ADDRESSED_KINDS.find((known) => known === first);
  if (named !== undefined) return isName(peer) && more === undefined ? { site, node, kind: named, peer } : null;
  const kind = TOPIC_KINDS.find((known) => known === rest.join('/'));
  return kind === undefined ? null : { site, node, kind };
}

function requireTopicLevel(name: string): void {
  if (!isName(name)) throw new RangeError(`no topic can hold the name ${name}`);
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
