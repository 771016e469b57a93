import { createHash } from 'node:crypto';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import type { CborLimits } from '../../../protocols/cbor-scan.ts';
import type { Codec } from '../../../protocols/codec.ts';

const CHECKSUM_BYTES = 8;

const checksum = (content: Uint8Array): Buffer =>
  createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES);

/**
 * A value as it lies on disk in every store: the first 8 bytes of the SHA-256 of the content, then the content. LevelDB
 * checks its own log but not every table block, and SD cards do forget.
 */
export const seal = (content: Uint8Array): Uint8Array => Buffer.concat([checksum(content), content]);

/** The content of a sealed value, a view of it; null when it is damaged. */
export const unseal = (value: Uint8Array): Uint8Array | null => {
  const content = value.subarray(CHECKSUM_BYTES);
  return checksum(content).equals(value.subarray(0, CHECKSUM_BYTES)) ? content : null;
};

/** A kind of record: CBOR `[kind, version, …fields]`. */
export const recordType = <Kind extends string, Fields extends TSchema[]>(
  kind: Kind,
  version: number,
  ...fields: Fields
) => Compile(Type.Tuple([Type.Literal(kind), Type.Literal(version), ...fields]));

/** Opens a sealed record; null when it is damaged, of another kind, or of a version this software does not know. */
export const readRecord = <Content extends TSchema>(
  codec: Codec,
  limits: CborLimits,
  type: Validator<Content>,
  value: Uint8Array,
): Static<Content> | null => {
  const content = unseal(value);
  if (content === null) return null;
  const decoded = codec.decode(content, limits);
  return decoded.ok && type.Check(decoded.value) ? decoded.value : null;
};
