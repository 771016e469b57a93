/** Whose messages could not be read because their key was not known yet, on a topic that the broker retains. */
export class Missed {
  private readonly nodes = new Set<string>();

  /** @param nodesMax beyond it nobody is noted: whoever speaks again is heard then */
  constructor(private readonly nodesMax: number) {}

  note(node: string): void {
    if (this.nodes.size < this.nodesMax) this.nodes.add(node);
  }

  /** Whether it is worth asking the broker again; asked once for all whose key has come. */
  isWorthAsking(knows: (node: string) => boolean): boolean {
    const known = [...this.nodes].filter(knows);
    for (const node of known) this.nodes.delete(node);
    return known.length > 0;
  }
}
