import { isName } from './names.ts';
import {
  gossipFilter,
  revocationTopic,
  siteFilter,
  TOPIC_KINDS,
  type TopicKind,
  topicFilter,
  topicName,
  treeFilter,
} from './topics.ts';

/** `node`: a gateway. `operator`: may see and correct a whole site. `viewer`: may see what its gateways decide. */
export const ROLES = ['node', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Topic filters: what its holder may subscribe to, and what it may publish. Everything else is refused. */
export interface Rights {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** What a node hears below its own name; it says everything else there itself. */
const HEARD: readonly TopicKind[] = ['label', 'label/range', 'alarm/acknowledge'];
const SAID = TOPIC_KINDS.filter((kind) => !HEARD.includes(kind));
/** What everybody at a site may know: not who labelled what, and not what gateways tell one another. */
const SHOWN = SAID.filter((kind) => !kind.startsWith('label/') && kind !== 'update' && kind !== 'adapter');
/** What the nodes of a site know of one another. */
const SHARED: readonly TopicKind[] = ['presence', 'enrolment', 'update', 'adapter'];

/**
 * The rights of a role on the topics of a site, for every broker: the embedded one asks here, and
 * `myrmexctl broker acl` writes them down for others.
 *
 * @param name of who holds the role; a person without one publishes nothing of their own
 */
export function rightsOfRole(role: Role, site: string, name: string): Rights {
  switch (role) {
    case 'node':
      return {
        reads: [
          ...HEARD.map((kind) => topicName(site, name, kind)),
          gossipFilter(site, { peer: name }),
          treeFilter(site, { peer: name }),
          ...SHARED.map((kind) => topicFilter(kind, { site })),
          revocationTopic(site),
        ],
        writes: [
          ...SAID.map((kind) => topicName(site, name, kind)),
          gossipFilter(site, { node: name }),
          treeFilter(site, { node: name }),
        ],
      };
    case 'operator':
      return {
        reads: [siteFilter(site)],
        writes: [
          ...HEARD.map((kind) => topicFilter(kind, { site })),
          revocationTopic(site),
          // Who publishes to all says who it is, and hands it to the first relays.
          ...(isName(name) ? [topicName(site, name, 'enrolment'), treeFilter(site, { node: name })] : []),
        ],
      };
    case 'viewer':
      return { reads: [...SHOWN.map((kind) => topicFilter(kind, { site })), revocationTopic(site)], writes: [] };
  }
}

/** Of a node that answers its own windows, as a recording or a simulation does: an operator of itself. */
export function rightsOfOwnLabels(site: string, node: string): Rights {
  return { reads: [topicName(site, node, 'label/ack')], writes: [topicName(site, node, 'label')] };
}

/** Says whether a role of an enrolment or a certificate is one that gives rights. */
export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

/**
 * The MQTT client id of a member, which is also the common name of its certificate and its user at a broker with
 * passwords: `<site>-<name>`. Whoever needs several connections adds `/` and a purpose: as no name holds a slash, no
 * member can take another's id and push it out [MQTT-3.1.4-2].
 */
export function clientIdOf(site: string, name: string, purpose?: string): string {
  return purpose === undefined ? `${site}-${name}` : `${site}-${name}/${purpose}`;
}

/** Says whether the holder of a certificate of this common name may connect under this client id. */
export function mayUseClientId(commonName: string, clientId: string): boolean {
  return clientId === commonName || clientId.startsWith(`${commonName}/`);
}
