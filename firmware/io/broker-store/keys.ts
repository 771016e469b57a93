/** Names on disk. Sequences are zero-padded: the order of keys is the order of acceptance. */
export const SCHEMA_KEY = 'schema';

const padded = (sequence: number): string => String(sequence).padStart(16, '0');

/** A message with the sessions that it was accepted for. */
export const messageKey = (sequence: number): string => `m/${padded(sequence)}`;
/** This session has finished with a message that others still wait for. */
export const finishedKey = (sequence: number, session: number): string => `a/${padded(sequence)}/${session}`;
/** A session and its subscriptions. */
export const sessionKey = (session: number): string => `s/${session}`;
/** A QoS 2 message that was received from a client and not released yet [MQTT-4.3.3-2]. */
export const incomingKey = (session: number, messageId: number): string => `i/${session}/${messageId}`;
/** Under which identifier a QoS 2 message goes to a client, and whether the client has it [MQTT-4.3.3-1]. */
export const outgoingKey = (session: number, messageId: number): string => `o/${session}/${messageId}`;
export const retainedKey = (topic: string): string => `r/${topic}`;
export const willKey = (clientId: string): string => `w/${clientId}`;

export type KeyKind = 'finished' | 'incoming' | 'message' | 'outgoing' | 'retained' | 'session' | 'will';

const KINDS: Readonly<Record<string, KeyKind>> = {
  'a/': 'finished',
  'i/': 'incoming',
  'm/': 'message',
  'o/': 'outgoing',
  'r/': 'retained',
  's/': 'session',
  'w/': 'will',
};

/** Null for the schema, and for what this software never wrote. */
export const kindOfKey = (key: string): KeyKind | null => KINDS[key.slice(0, 2)] ?? null;

/** The numbers in a key of one of the first four kinds or of a session. */
export const numbersOfKey = (key: string): readonly number[] => key.slice(2).split('/').map(Number);
