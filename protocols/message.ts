import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/schema';

/** A body of the current version, or what is wrong with the one that came. */
export type BodyReading<Body> =
  | { readonly ok: true; readonly value: Body }
  | { readonly ok: false; readonly reason: 'version' | 'body' };

/**
 * One kind of message: its name and current version on the wire, the schema of its body, and how to read the versions
 * before it. Kinds and versions are promises (docs, CDDL and golden bytes hold them): a changed body is a new version,
 * written from then on, while the old one still opens.
 */
export interface MessageType<Body> {
  readonly kind: string;
  /** What is written. */
  readonly version: number;
  /** The version before this one; null when there is none. */
  readonly previous: MessageType<unknown> | null;
  /** The one check of a body of the current version. */
  check(body: unknown): body is Body;
  /** Opens a body of this version or of any before it, brought up to this one. Never throws. */
  read(version: number, body: unknown): BodyReading<Body>;
}

/** The first version of a kind. Its validator is compiled once. */
export function defineMessage<Schema extends TSchema>(kind: string, schema: Schema): MessageType<Static<Schema>> {
  return create(kind, 1, schema, null, () => ({ ok: false, reason: 'version' }));
}

/**
 * The version after `previous`.
 *
 * @param upgrade makes a body of this version of a sound one of the version before
 */
export function nextVersion<Old, Schema extends TSchema>(
  previous: MessageType<Old>,
  schema: Schema,
  upgrade: (old: Old) => Static<Schema>,
): MessageType<Static<Schema>> {
  return create(previous.kind, previous.version + 1, schema, previous as MessageType<unknown>, (version, body) => {
    const old = previous.read(version, body);
    return old.ok ? { ok: true, value: upgrade(old.value) } : old;
  });
}

function create<Schema extends TSchema>(
  kind: string,
  version: number,
  schema: Schema,
  previous: MessageType<unknown> | null,
  readOlder: MessageType<Static<Schema>>['read'],
): MessageType<Static<Schema>> {
  const validator = Compile(schema);
  const check = (body: unknown): body is Static<Schema> => validator.Check(body);
  const read: MessageType<Static<Schema>>['read'] = (given, body) => {
    if (given !== version) return readOlder(given, body);
    return check(body) ? { ok: true, value: body } : { ok: false, reason: 'body' };
  };
  return { kind, version, previous, check, read };
}
