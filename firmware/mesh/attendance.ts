import type { PresenceBody } from '../../protocols/messages/presence.ts';

/** In presence: who says its key alone, and takes no part; 16 hex digits like every lineage. */
export const NO_LINEAGE = '0'.repeat(16);

/**
 * Which nodes of a site take part in its mesh or star, from the presence that each retains, whatever model they have:
 * what is published to all is for every one of them.
 */
export class Attendance {
  /** Whether each is there now. */
  readonly nodes = new Map<string, boolean>();

  /** @param nodesMax beyond it newcomers are left out */
  constructor(private readonly nodesMax: number) {}

  heard(name: string, { state, mesh }: PresenceBody): void {
    if (mesh?.lineage === NO_LINEAGE) return;
    const isPresent = state === 'online' && mesh !== undefined;
    // Not of the mesh, unless it was: a will tells of it as well.
    if (mesh === undefined && !this.nodes.has(name)) return;
    if (this.nodes.has(name) || this.nodes.size < this.nodesMax) this.nodes.set(name, isPresent);
  }

  get present(): readonly string[] {
    return [...this.nodes.keys()].filter((name) => this.nodes.get(name));
  }
}
