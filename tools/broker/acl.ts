import { TOPIC_KINDS, type TopicKind, topicFilter, topicName } from '../../protocols/topics.ts';

/** What a node hears below its own name; it says everything else there itself. */
const HEARD: readonly TopicKind[] = ['label', 'label/range', 'alarm/acknowledge'];
const SAID = TOPIC_KINDS.filter((kind) => !HEARD.includes(kind));

/** What a node needs besides its own topics. Filters of others are whole: no prefix of ours goes before them. */
export interface NodeRights {
  readonly node: string;
  /** As the broker knows it: by password, or by the common name of its certificate. */
  readonly username: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** It answers its own windows, as a recording or a simulation does: then it is an operator of itself, too. */
  readonly labelsItself: boolean;
}

export interface AclOptions {
  readonly site: string;
  readonly prefix: string | null;
  readonly nodes: readonly NodeRights[];
  /** Users who see a whole site and may label and acknowledge there. */
  readonly operators: readonly string[];
}

/**
 * An access list in the form of Mosquitto's `acl_file` (mosquitto.conf(5)): a node says what it is to say below its own
 * name and hears what is meant for it; everything that is not named is refused.
 */
export const aclOf = ({ site, prefix, nodes, operators }: AclOptions): string => {
  const root = prefix === null ? '' : `${prefix}/`;
  const lines = [
    `# Access of the gateways of ${site}, made by myrmexctl broker acl. Beside it mosquitto.conf needs`,
    '#   acl_file THIS_FILE',
    '#   allow_anonymous false',
    '# and either password_file, or, with client certificates, use_identity_as_username true.',
  ];
  for (const { node, username, reads, writes, labelsItself } of nodes) {
    lines.push('', `user ${username}`);
    for (const kind of SAID) lines.push(`topic write ${root}${topicName(site, node, kind)}`);
    for (const kind of HEARD) lines.push(`topic read ${root}${topicName(site, node, kind)}`);
    if (labelsItself) {
      lines.push(`topic write ${root}${topicName(site, node, 'label')}`);
      lines.push(`topic read ${root}${topicName(site, node, 'label/ack')}`);
    }
    for (const filter of reads) lines.push(`topic read ${filter}`);
    for (const filter of writes) lines.push(`topic write ${filter}`);
  }
  for (const operator of operators) {
    lines.push('', `user ${operator}`);
    for (const kind of SAID) lines.push(`topic read ${root}${topicFilter(kind, { site })}`);
    for (const kind of HEARD) lines.push(`topic write ${root}${topicFilter(kind, { site })}`);
  }
  return `${lines.join('\n')}\n`;
};
