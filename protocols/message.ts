import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * One kind of message: its name and version on the wire and the schema of its body. Kinds and versions are promises
 * (docs, CDDL and golden bytes hold them); a changed body is a new version beside the old one.
 */
export interface MessageType<Body> {
  readonly kind: string;
  readonly version: number;
  /** The one check of a body that came from outside. */
  check(body: unknown): body is Body;
}

/** Compiles the validator of a body once. */
export function defineMessage<Schema extends TSchema>(
  kind: string,
  version: number,
  schema: Schema,
): MessageType<Static<Schema>> {
  const validator = Compile(schema);
  return { kind, version, check: (body): body is Static<Schema> => validator.Check(body) };
}
