/** A member of a fleet of several sites. */
export interface SiteMember {
  readonly name: string;
  readonly site: string;
  /** Sites, besides its own, whose broker it is connected to; most members have none. */
  readonly bridges: readonly string[];
}

export interface SitesOptions {
  /** Cycles inside the sites from one cycle between them to the next, >= 1: long links are dear and slow. */
  readonly pace: number;
}

/** Who averages with whom in one cycle: the list for the schedule of each of its members, sorted by name. */
export interface Ring {
  readonly kind: 'site' | 'bridges';
  readonly members: readonly string[];
}

/**
 * Locality: `pace` cycles average inside each site, over its own broker; the one after them goes between sites. There
 * every member that is connected to two brokers, a bridge, halves the difference to one member of the other site, to
 * another one every time. The cycles inside carry on what came over. A bridge moves half of one node's weight a time:
 * the more bridges, the sooner sites agree. All of it is a function of the list: members that see the same list agree
 * without a message; where lists differ that costs exactness and no mass, since every ring is a schedule of push-sum.
 *
 * @param cycle from 0
 */
export function ringsOf(members: readonly SiteMember[], cycle: number, options: SitesOptions): readonly Ring[] {
  const between = (cycle + 1) % (options.pace + 1) === 0;
  if (!between) return siteRings(members);
  return bridgeRings(members, Math.floor(cycle / (options.pace + 1)));
}

/** The ring of one member in a cycle; null when it rests. */
export function ringOf(
  members: readonly SiteMember[],
  self: string,
  cycle: number,
  options: SitesOptions,
): Ring | null {
  return ringsOf(members, cycle, options).find((ring) => ring.members.includes(self)) ?? null;
}

function siteRings(members: readonly SiteMember[]): readonly Ring[] {
  return [...bySite(members).values()]
    .filter((inside) => inside.length > 1)
    .map((inside) => ({ kind: 'site', members: inside.map(({ name }) => name) }) as const);
}

/** Each bridge that nobody has met yet meets a free member of one of its further sites: another one every time. */
function bridgeRings(members: readonly SiteMember[], turn: number): readonly Ring[] {
  const sites = bySite(members);
  const bridges = [...sites.values()].flat().filter((member) => member.bridges.length > 0);
  const busy = new Set<string>();
  const rings: Ring[] = [];
  for (let i = 0; i < bridges.length; i++) {
    const bridge = bridges[(i + turn) % bridges.length]!;
    const site = bridge.bridges[turn % bridge.bridges.length]!;
    const free = (sites.get(site) ?? []).filter(({ name }) => !busy.has(name) && name !== bridge.name);
    if (busy.has(bridge.name) || free.length === 0) continue;
    const pair = [bridge.name, free[(turn + i) % free.length]!.name].toSorted();
    for (const name of pair) busy.add(name);
    rings.push({ kind: 'bridges', members: pair });
  }
  return rings;
}

/** Members of each site, sorted by name. */
function bySite(members: readonly SiteMember[]): ReadonlyMap<string, readonly SiteMember[]> {
  const sites = new Map<string, SiteMember[]>();
  for (const member of members.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = sites.get(member.site) ?? [];
    inside.push(member);
    sites.set(member.site, inside);
  }
  return sites;
}
