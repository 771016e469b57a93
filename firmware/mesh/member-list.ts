import type { Member } from '../../protocols/gossip/membership.ts';
import type { PresenceBody } from '../../protocols/messages/presence.ts';

/**
 * Who of a site averages the same parameters, from the presence that each node retains. Presence is not signed: whoever
 * the broker lets forge it can make a node wait for a peer or leave one out, and cannot put a word into anyone's mouth.
 */
export class MemberList {
  private readonly known = new Map<string, Member>();

  /** @param membersMax beyond it newcomers are left out */
  constructor(
    private readonly self: Member,
    private readonly lineage: string,
    private readonly membersMax: number,
  ) {
    this.known.set(self.name, self);
  }

  /** @returns whether the list has changed */
  heard(name: string, { state, mesh }: PresenceBody): boolean {
    if (name === this.self.name) return false;
    const before = this.known.get(name);
    if (mesh !== undefined && mesh.lineage !== this.lineage) return this.known.delete(name);
    // A will, and the first word after a start, say nothing of the mesh: the node is absent for the time being.
    const present = state === 'online' && mesh !== undefined;
    if (before === undefined && (this.known.size >= this.membersMax || !present)) return false;
    const generation = mesh?.generation ?? before?.generation ?? 0;
    if (before?.generation === generation && before.present === present) return false;
    this.known.set(name, { name, generation, present });
    return true;
  }

  /** Sorted by name, this node among them. */
  get all(): readonly Member[] {
    return [...this.known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get present(): number {
    return this.all.filter(({ present }) => present).length;
  }
}
