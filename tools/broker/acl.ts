import { type Rights, rightsOfOwnLabels, rightsOfRole } from '../../protocols/access.ts';

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
  /** Users who see a whole site, may label and acknowledge there, and take enrolments back. */
  readonly operators: readonly string[];
  /** Users who see what the gateways of a site decide. */
  readonly viewers: readonly string[];
}

/**
 * An access list in the form of Mosquitto's `acl_file` (mosquitto.conf(5)): the rights of each role as the embedded
 * broker gives them (protocols/access.ts); everything that is not named is refused.
 */
export const aclOf = ({ site, prefix, nodes, operators, viewers }: AclOptions): string => {
  const root = prefix === null ? '' : `${prefix}/`;
  const lines = [
    `# Access of the gateways of ${site}, made by myrmexctl broker acl. Beside it mosquitto.conf needs`,
    '#   acl_file THIS_FILE',
    '#   allow_anonymous false',
    '# and either password_file, or, with client certificates, use_identity_as_username true.',
  ];
  const give = ({ reads, writes }: Rights, before: string): void => {
    for (const filter of writes) lines.push(`topic write ${before}${filter}`);
    for (const filter of reads) lines.push(`topic read ${before}${filter}`);
  };
  for (const { node, username, reads, writes, labelsItself } of nodes) {
    lines.push('', `user ${username}`);
    give(rightsOfRole('node', site, node), root);
    if (labelsItself) give(rightsOfOwnLabels(site, node), root);
    give({ reads, writes }, '');
  }
  for (const [role, users] of [['operator', operators] as const, ['viewer', viewers] as const]) {
    for (const user of users) {
      lines.push('', `user ${user}`);
      // With certificates users are common names, which begin with the site (protocols/access.ts).
      const name = user.startsWith(`${site}-`) ? user.slice(site.length + 1) : user;
      give(rightsOfRole(role, site, name), root);
    }
  }
  return `${lines.join('\n')}\n`;
};
