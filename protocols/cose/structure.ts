import type { Decoded } from '../codec.ts';
import { CborCursor } from './cbor-cursor.ts';
import { type HeaderMap, readHeaderMap } from './header-map.ts';

/** The parts of a COSE_Sign1 (RFC 9052 §4.2), whatever its headers and algorithm. Byte strings are views. */
export interface Sign1Structure {
  /** Whether tag 18 stood before it. */
  readonly isTagged: boolean;
  /** Whether every head was as short as it could be (RFC 8949 §4.2.1). */
  readonly isShortest: boolean;
  /** The bytes of the protected header as they came: what is signed. */
  readonly protectedBytes: Uint8Array;
  readonly protectedHeader: HeaderMap;
  readonly unprotectedHeader: HeaderMap;
  /** null: detached, it travels by another way. */
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** Why bytes are no COSE_Sign1. The words are counted, published and documented: they never change. */
export type StructureRejection =
  | 'sign1Truncated'
  | 'sign1TrailingBytes'
  | 'sign1Encoding'
  | 'sign1Tag'
  | 'sign1Structure'
  | 'sign1Protected'
  | 'sign1Unprotected';

const SIGN1_TAG = 18;
const PARTS = 4;
const EMPTY_MAP = 0xa0;
/** Simple value 22 (RFC 8949 §3.3). */
const NULL = 0xf6;
const EMPTY = new Uint8Array(0);

/** Takes a COSE_Sign1 apart, tagged or not. Never throws; what it costs is bounded by the length of `bytes`. */
export function readStructure(bytes: Uint8Array): Decoded<Sign1Structure, StructureRejection> {
  const cursor = new CborCursor(bytes);
  const fails = (reason: StructureRejection) => ({ ok: false, reason: ofFault(cursor, reason) }) as const;
  const isTagged = isTag(bytes[0]);
  if (isTagged && !(cursor.headOf(6) && cursor.argument === SIGN1_TAG)) return fails('sign1Tag');
  if (!cursor.headOf(4) || cursor.argument !== PARTS) return fails('sign1Structure');
  const protectedBytes = cursor.byteString();
  if (protectedBytes === null) return fails('sign1Protected');
  const inner = new CborCursor(protectedBytes);
  // RFC 9052 §3: no protected headers are an empty byte string; an empty map inside of one is accepted as well.
  const protectedHeader = protectedBytes.length === 0 ? new Map<number, Uint8Array>() : readHeaderMap(inner);
  if (protectedHeader === null || !inner.isAtEnd) return { ok: false, reason: 'sign1Protected' };
  const unprotectedHeader = readHeaderMap(cursor);
  if (unprotectedHeader === null) return fails('sign1Unprotected');
  // RFC 9052 §3: a label belongs in one of the two; a reader could otherwise take the one that nobody signed.
  for (const label of unprotectedHeader.keys()) if (protectedHeader.has(label)) return fails('sign1Unprotected');
  const isDetached = bytes[cursor.at] === NULL;
  if (isDetached) cursor.at += 1;
  const payload = isDetached ? null : cursor.byteString();
  if (payload === null && !isDetached) return fails('sign1Structure');
  const signature = cursor.byteString();
  if (signature === null) return fails('sign1Structure');
  if (!cursor.isAtEnd) return { ok: false, reason: 'sign1TrailingBytes' };
  const isShortest = cursor.isShortest && inner.isShortest;
  const parts = { isTagged, isShortest, protectedBytes, protectedHeader, unprotectedHeader, payload, signature };
  return { ok: true, value: parts };
}

function isTag(first: number | undefined): boolean {
  return first !== undefined && first >> 5 === 6;
}

function ofFault({ fault }: CborCursor, otherwise: StructureRejection): StructureRejection {
  if (fault === null) return otherwise;
  return fault === 'truncated' ? 'sign1Truncated' : 'sign1Encoding';
}

/**
 * What is signed (RFC 9052 §4.4): `["Signature1", body_protected, external_aad, payload]`, with the shortest heads.
 *
 * @param externalAad what both sides know and nobody sends; empty in every message of ours
 */
export function signatureInput(
  protectedBytes: Uint8Array,
  payload: Uint8Array,
  externalAad: Uint8Array = EMPTY,
): Uint8Array {
  // RFC 9052 §4.4, step 2: an empty map counts as no bytes.
  const isEmpty = protectedBytes.length === 1 && protectedBytes[0] === EMPTY_MAP;
  const parts = [isEmpty ? EMPTY : protectedBytes, externalAad, payload].flatMap((part) => [
    byteStringHead(part.length),
    part,
  ]);
  return joined([CONTEXT, ...parts]);
}

/** An array of four, and the text "Signature1". */
const CONTEXT = Uint8Array.of(0x84, 0x6a, ...[...'Signature1'].map((letter) => letter.charCodeAt(0)));

/** The head of a byte string (RFC 8949 §3, major type 2) of less than 2^32 bytes. */
export function byteStringHead(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 | length);
  if (length < 0x100) return Uint8Array.of(0x58, length);
  if (length < 0x1_0000) return Uint8Array.of(0x59, length >> 8, length & 0xff);
  return Uint8Array.of(0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
