import type { Range } from './place.ts';

/** What is published, and by whom; `sequence` rises with every publication of one origin on one topic. */
export interface Publication {
  readonly topic: string;
  readonly origin: string;
  readonly sequence: number;
}

/** Hand this on to all members of a range of places. */
export interface GiveMessage extends Publication {
  readonly kind: 'give';
  readonly range: Range;
  /** The origin and the relays so far: they have it. At most `DISSEMINATION.depthMax` names. */
  readonly path: readonly string[];
  readonly payload: Uint8Array;
}

/** What a relay says of a range that it was given: it has the message and works on it, or everybody there has it. */
export interface WordMessage extends Publication {
  readonly kind: 'word';
  readonly range: Range;
  readonly state: 'busy' | 'done';
  /** Members of the range that have it, the sender among them: so far, or in all. */
  readonly has: number;
  /** Members of the range that could not be reached. At most `DISSEMINATION.missedMax` names. */
  readonly missed: readonly string[];
}

export type DisseminationMessage = GiveMessage | WordMessage;

export type DisseminationEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: DisseminationMessage }
  /** For the application, once per publication. */
  | { readonly kind: 'deliver'; readonly publication: Publication; readonly payload: Uint8Array }
  /** At the origin: so many have it, and those who could not be reached do not, as the relays said. */
  | { readonly kind: 'complete'; readonly publication: Publication; readonly has: number; readonly missed: string[] }
  /** A member that could not be reached, as the relay next to it found. */
  | { readonly kind: 'missed'; readonly publication: Publication; readonly member: string }
  /** A message that makes no sense, a publication that a newer one has replaced, or more work than a node takes on. */
  | { readonly kind: 'refused'; readonly peer: string; readonly reason: DisseminationRejection };

/** The words are counted and published: they never change. */
export type DisseminationRejection = 'path' | 'range' | 'old' | 'full';
