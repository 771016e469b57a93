import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import type { DisseminationMessage, GiveMessage, Publication, WordMessage } from '../dissemination/messages.ts';
import { PLACES } from '../dissemination/place.ts';
import { DISSEMINATION } from '../dissemination/settings.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count } from '../numbers.ts';

const Place = Type.Integer({ minimum: 0, maximum: PLACES - 1 });

/** Hand this on to all members whose places are from the first to the last one, both included. */
const Give = Type.Tuple([
  Type.Literal(0),
  Place,
  Place,
  /** The origin, whose signature the publication carries, and the relays so far, the sender being the last. */
  Type.Array(Name, { minItems: 1, maxItems: DISSEMINATION.depthMax + 1 }),
  /** A signed publication (publication.ts), as it came. */
  bytesType(LIMITS.publicationBytesMax, 1),
]);

/** Of a range that was given: 1, it is under way; 2, it is done. */
const Word = Type.Tuple([
  Type.Integer({ minimum: 1, maximum: 2 }),
  /** topic, origin and sequence of the publication */
  Name,
  Name,
  Count,
  Place,
  Place,
  /** how many members of the range have it, and who could not be reached */
  Count,
  Type.Array(Name, { maxItems: DISSEMINATION.missedMax }),
]);

/** What the members of a tree say to one another; QoS 1, never retained, signed. */
const TreeBody = Type.Union([Give, Word]);

export type TreeBody = Static<typeof TreeBody>;

export const TREE = defineMessage('tree', TreeBody);

/** As a message says it: what is given tells its own name, once its signature holds. */
export type TreeMessage = Omit<GiveMessage, keyof Publication> | WordMessage;

const [GIVE, BUSY, DONE] = [0, 1, 2] as const;

/** The body of a message; a range that is empty has none. */
export function writeTree(message: DisseminationMessage): TreeBody {
  const [first, last] = [message.range.from, message.range.to - 1];
  if (message.kind === 'give') return [GIVE, first, last, [...message.path], message.payload];
  const { topic, origin, sequence, has, missed } = message;
  return [message.state === 'busy' ? BUSY : DONE, topic, origin, sequence, first, last, has, [...missed]];
}

/** @param body checked against its schema; byte strings stay views of it */
export function readTree(body: TreeBody): TreeMessage {
  if (body.length === 5) {
    const [, from, last, path, payload] = body;
    return { kind: 'give', range: { from, to: last + 1 }, path, payload };
  }
  const [state, topic, origin, sequence, from, last, has, missed] = body;
  const range = { from, to: last + 1 };
  return { kind: 'word', topic, origin, sequence, range, state: state === BUSY ? 'busy' : 'done', has, missed };
}
