import { isRole, type Rights, type Role, rightsOfOwnLabels, rightsOfRole } from '../../protocols/access.ts';
import { FLEET, isName } from '../../protocols/names.ts';
import { filterCovers } from '../../protocols/topic-filter.ts';
import { isOurs } from '../../protocols/topics.ts';

/** Topics whose rights are known of one connection: more than a node publishes to, few enough to forget. */
const REMEMBERED_MAX = 256;

/** What a certificate that TLS has already verified says of its holder. */
export interface CertificateFacts {
  /** X.520 names: organisation, organisational units, common name. */
  readonly organisation: string;
  readonly units: readonly string[];
  readonly commonName: string;
  /** Hexadecimal, as X.509 libraries print it. */
  readonly serial: string;
}

export interface SiteRules {
  readonly site: string;
  /** Beyond our own topics: what the member of this name may read, and write if it is a node. */
  readonly extras: (node: string) => Rights;
}

/**
 * Somebody with a certificate of the site: `O=<site>, OU=<role>…, CN=<site>-<name>`. A node keeps to its role, and may
 * answer its own windows; an operator hears everything, and says what it likes outside the topics of gateways, where
 * other programs live.
 */
export class BrokerMember {
  readonly commonName: string;
  /** Of the enrolment. */
  readonly serial: number;
  private readonly isOperator: boolean;
  private readonly rights: Rights;
  private readonly writable = new Map<string, boolean>();

  private constructor(commonName: string, serial: number, roles: readonly Role[], rights: Rights) {
    this.commonName = commonName;
    this.serial = serial;
    this.isOperator = roles.includes('operator');
    this.rights = rights;
  }

  /** Null when the certificate is none of this site's, or gives no role. */
  static of(facts: CertificateFacts, { site, extras }: SiteRules): BrokerMember | null {
    const { organisation, units, commonName, serial } = facts;
    const name = commonName.startsWith(`${site}-`) ? commonName.slice(site.length + 1) : '';
    const number = /^[0-9a-f]{1,14}$/i.test(serial) ? Number.parseInt(serial, 16) : 0;
    const roles = units.filter(isRole);
    if (organisation !== site || !isName(name) || name === FLEET || roles.length === 0) return null;
    if (number < 1 || number > Number.MAX_SAFE_INTEGER) return null;
    const { reads, writes } = extras(name);
    const all = [...roles.map((role) => rightsOfRole(role, site, name)), { reads, writes: [] }];
    if (roles.includes('node')) all.push(rightsOfOwnLabels(site, name), { reads: [], writes });
    const rights = { reads: all.flatMap((each) => each.reads), writes: all.flatMap((each) => each.writes) };
    return new BrokerMember(commonName, number, roles, rights);
  }

  /** @param filter of a subscription, or the topic of a message that waits */
  mayRead(filter: string): boolean {
    return this.isOperator || this.rights.reads.some((wide) => filterCovers(wide, filter));
  }

  mayWrite(topic: string): boolean {
    const known = this.writable.get(topic);
    if (known !== undefined) return known;
    const may = (this.isOperator && !isOurs(topic)) || this.rights.writes.some((wide) => filterCovers(wide, topic));
    if (this.writable.size >= REMEMBERED_MAX) this.writable.clear();
    this.writable.set(topic, may);
    return may;
  }
}
