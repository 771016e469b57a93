/** Where the members of a topic stand: a number of 32 bits each, other for every topic. */
export const PLACES = 4_294_967_296;

/**
 * The place of a member in the order of a topic, 0 to 2^32 - 1 (rendezvous hashing, Thaler and Ravishankar 1998: a hash
 * of both names, so the load of relaying falls on others for another topic, and a member that comes or goes moves
 * nobody else). FNV-1a over UTF-16 units, finished by murmur3's mixer; names are enrolled, so nobody searches for a
 * place he likes.
 */
export function placeOf(topic: string, member: string): number {
  let hash = 0x811c9dc5;
  // No name holds the separator.
  const text = `${topic}\n${member}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Places from `from` up to, not including, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Group {
  readonly range: Range;
  /** At least one, in the order of their places. */
  readonly members: readonly string[];
}

/**
 * Cuts a range into at most `arity` smaller ones of about equally many members. The cuts cover the range without
 * overlap: two relays with different lists of members still hand on to nobody twice, and a member that only the lower
 * one knows is served all the same.
 *
 * @param members of the topic that need the message; those outside the range are left out
 */
export function splitRange(topic: string, members: readonly string[], range: Range, arity: number): readonly Group[] {
  const inside = members
    .map((name) => ({ name, place: placeOf(topic, name) }))
    .filter(({ place }) => place >= range.from && place < range.to)
    .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1));
  const groups: Group[] = [];
  const size = Math.ceil(inside.length / arity);
  for (let at = 0, from = range.from; at < inside.length; ) {
    let end = Math.min(at + size, inside.length);
    // Two members of one place cannot be told apart by a range.
    while (end < inside.length && inside[end]!.place === inside[end - 1]!.place) end += 1;
    const to = end < inside.length ? inside[end]!.place : range.to;
    groups.push({ range: { from, to }, members: inside.slice(at, end).map(({ name }) => name) });
    at = end;
    from = to;
  }
  return groups;
}
