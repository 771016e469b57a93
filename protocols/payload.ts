import Type, { type Static } from 'typebox';
import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { parsePointer, valueAt } from './json-pointer.ts';
import { numberOf } from './sample-payload.ts';
import { jsonOf, textOf } from './text.ts';

/** A measurement or a tag in one message; what is larger is a picture or a mistake. */
export const PAYLOAD_BYTES_MAX = 16_384;

const CBOR_LIMITS: CborLimits = { ...MESSAGE_LIMITS, bytesMax: PAYLOAD_BYTES_MAX };

const Pointer = Type.String({ maxLength: 256 });
const closed = { additionalProperties: false } as const;

/**
 * How to read one value from somebody else's payload: it is a number in digits; it is a text; or it is JSON or CBOR,
 * and a JSON Pointer (RFC 6901) says where in it.
 */
export const PayloadRead = Type.Union([
  Type.Literal('number'),
  Type.Literal('text'),
  Type.Object({ json: Pointer }, closed),
  Type.Object({ cbor: Pointer }, closed),
]);
export type PayloadRead = Static<typeof PayloadRead>;

/** What a tag may be. */
export type Scalar = number | string | boolean;

/** Reads one value; null when it is not there. Never throws; numbers are finite. */
export function readPayload(codec: Codec, bytes: Uint8Array, how: PayloadRead): Scalar | null {
  if (bytes.length > PAYLOAD_BYTES_MAX) return null;
  if (how === 'text') return textOf(bytes)?.trim() ?? null;
  if (how === 'number') return scalar(numberOf(textOf(bytes)));
  return 'json' in how ? scalarAt(jsonOf(textOf(bytes)), how.json) : scalarAt(cborOf(codec, bytes), how.cbor);
}

function scalarAt(document: unknown, pointer: string): Scalar | null {
  const levels = parsePointer(pointer);
  return levels === null ? null : scalar(valueAt(document, levels));
}

/** JSON has no infinity, but 1e999 parses to one. */
function scalar(value: unknown): Scalar | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function cborOf(codec: Codec, bytes: Uint8Array): unknown {
  const decoded = codec.decode(bytes, CBOR_LIMITS);
  return decoded.ok ? decoded.value : undefined;
}
