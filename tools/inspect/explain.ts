import type { CborRejection } from '../../protocols/cbor-scan.ts';
import type { Sign1Rejection } from '../../protocols/cose/sign1.ts';
import type { EnvelopeRejection } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';

/** Why a message cannot be opened: what the wire counts, and what only a file at a desk can be. */
export type Problem = Sign1Rejection | EnvelopeRejection | 'empty' | 'text' | 'json' | 'signature' | 'unknownKey';

const CBOR: Readonly<Record<CborRejection, string>> = {
  tooLong: `it is longer than a message may be, ${LIMITS.messageBytesMax} bytes`,
  truncated: 'it ends before the CBOR in it does: a part is missing',
  trailingBytes: 'bytes follow after the message',
  tooDeep: `arrays and maps lie more than ${LIMITS.depthMax} deep in each other`,
  tooManyItems: `it holds more than ${LIMITS.itemsMax} CBOR items`,
  textTooLong: `a text is longer than ${LIMITS.textBytesMax} bytes`,
  binaryTooLong: `a byte string is longer than ${LIMITS.binaryBytesMax} bytes`,
  mapTooLarge: `a map has more than ${LIMITS.pairsMax} pairs`,
  indefiniteLength: 'an array, map or string does not say its length (RFC 8949 §3.2); ours always do',
  reserved: 'a byte stands where RFC 8949 §3 allows none: it is no CBOR, or it is broken',
  integerRange: 'an integer is outside of ±(2^53 - 1)',
  notFinite: 'a number is infinite or not a number',
  simpleValue: 'it holds undefined or a simple value that ours never do',
  invalidText: 'a text is not well-formed UTF-8, or begins with a byte order mark',
  mapKey: 'a map has a key that is not a text (or is "__proto__")',
  duplicateKey: 'a map has a key twice',
  tag: 'it holds a CBOR tag that no message of ours has there',
  undecodable: 'the decoder refuses what the scanner let pass: please report this message',
};

const SIGN1: Readonly<Record<Sign1Rejection, string>> = {
  sign1TooLong: 'it is longer than a signed message may be',
  sign1Truncated: 'it begins like a signed message (COSE_Sign1) and ends too early: a part is missing',
  sign1TrailingBytes: 'bytes follow after the signed message',
  sign1Encoding: 'a length or number is spelled longer than need be, or without an end: another program wrote it',
  sign1Tag: 'it is a COSE structure of another kind: its tag is not 18, COSE_Sign1',
  sign1Structure: 'it begins like COSE_Sign1 and is not an array of headers, payload and signature (RFC 9052 §4.2)',
  sign1Untagged: 'it is a COSE_Sign1 without its tag 18',
  sign1Protected: 'its protected header is not {1: -8}, the algorithm and nothing else',
  sign1Algorithm: 'it was signed by another algorithm than EdDSA (-8)',
  sign1Unprotected: 'its unprotected header is not {4: kid}, the name of the key and nothing else',
  sign1Kid: 'the name of its key (kid) is not a byte string of 8 bytes',
  sign1Payload: 'its payload is not in it, or too long',
  sign1Signature: 'its signature does not have the 64 bytes of Ed25519',
};

const OTHER: Readonly<Record<Exclude<Problem, CborRejection | Sign1Rejection>, string>> = {
  envelope: 'it is CBOR, but not [kind, version, sender, epoch, sequence, time, body]',
  kind: 'this software knows no such kind of message; a newer one may',
  version: 'this version of its kind is not known here; a newer software wrote it',
  body: 'its body breaks the schema of its kind and version (protocols/cddl)',
  empty: 'there is nothing in it',
  text: 'it is text, and neither hexadecimal nor base64: save the payload itself (mosquitto_sub -N -C 1)',
  json: 'it is JSON, which can be read as it is; messages of Myrmex are CBOR',
  signature: 'the signature does not hold: these bytes are not what the owner of this key signed',
  unknownKey: 'no key of this folder has this kid',
};

const EXPLANATIONS: Readonly<Record<Problem, string>> = { ...CBOR, ...SIGN1, ...OTHER };

/** One sentence for a person. */
export const explain = (problem: Problem): string => EXPLANATIONS[problem];
