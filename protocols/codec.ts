import { Encoder } from 'cbor-x/encode';
import { type CborLimits, type CborRejection, scanCbor } from './cbor-scan.ts';
import { LIMITS } from './limits.ts';

/** What a reader gives back: the value, or a reason from a closed list that the caller counts. */
export type Decoded<Value, Reason extends string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: Reason };

/** The bounds of an ordinary message. */
export const MESSAGE_LIMITS: CborLimits = {
  bytesMax: LIMITS.messageBytesMax,
  depthMax: LIMITS.depthMax,
  itemsMax: LIMITS.itemsMax,
  pairsMax: LIMITS.pairsMax,
  textBytesMax: LIMITS.textBytesMax,
  // The longest of any kind; every schema bounds its own.
  binaryBytesMax: LIMITS.publicationBytesMax,
  tags: [],
};

/** `int64AsNumber` is read by cbor-x 1.6 but missing from its types; exact here, as the scanner bounds integers. */
const ENCODER_OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true, // shortest heads, RFC 8949 §4.1
  useFloat32: 1, // FLOAT32_OPTIONS.ALWAYS
  tagUint8Array: false,
  int64AsNumber: true,
} as const;

export interface Codec {
  /**
   * The bytes of a value: whole numbers below 2^32 as integers, every other number below 2^32 as float32 (fractions on
   * the wire are model outputs, which are float32 to begin with), larger ones as float64, bigint as a 64-bit integer.
   * The bytes are a view of a larger buffer that is never written again.
   */
  encode(value: unknown): Uint8Array;
  /** Never throws. Byte strings in the value are views of `bytes`. */
  decode(bytes: Uint8Array, limits?: CborLimits): Decoded<unknown, CborRejection>;
}

/**
 * The one door between values and bytes. cbor-x has no limits worth the name and reads records, packed values and
 * bundled strings (its own extensions), so `scanCbor` walks the bytes first and cbor-x sees plain CBOR only. Its pure
 * entry point is used: the native string extractor of `cbor-x` itself would parse a stranger's bytes in C++.
 */
export function createCodec(): Codec {
  const encoder = new Encoder(ENCODER_OPTIONS);
  return {
    encode: (value) => encoder.encode(value),
    decode: (bytes, limits = MESSAGE_LIMITS) => {
      const reason = scanCbor(bytes, limits);
      if (reason !== null) return { ok: false, reason };
      try {
        return { ok: true, value: encoder.decode(bytes) };
      } catch {
        // The scanner and cbor-x disagree. Tests hunt for such bytes; in the field they are one more refused message.
        return { ok: false, reason: 'undecodable' };
      }
    },
  };
}
