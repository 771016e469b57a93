import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count } from '../numbers.ts';

/** A media type without parameters (RFC 6838 §4.2), in lower case. */
export const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/;

/**
 * What one publishes to all members of a site's mesh, signed by its origin. It has no topic of its own: relays hand on
 * these bytes as they are, within messages of the tree (tree.ts), and none can change, make up or renumber it.
 */
const PublicationBody = Type.Object(
  {
    /** The application's; of each topic and origin a member keeps the newest. */
    topic: Name,
    /** Higher than that of any earlier publication of the origin. */
    sequence: Count,
    type: Type.String({ pattern: MEDIA_TYPE.source }),
    content: bytesType(LIMITS.publishedBytesMax),
  },
  { additionalProperties: false },
);

export type PublicationBody = Static<typeof PublicationBody>;

export const PUBLICATION = defineMessage('publication', PublicationBody);
