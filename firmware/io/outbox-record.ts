import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { CborLimits } from '../../protocols/cbor-scan.ts';
import type { Codec } from '../../protocols/codec.ts';
import { CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX, type OutboxChunk, type OutboxEntry } from '../machines/outbox-parts.ts';
import { seal, unseal } from './store/sealed.ts';

/** A decision has about 0.5 KB, a message of ours at most 64 KB: one entry may be larger than a chunk should be. */
const CONTENT_BYTES_MAX = CHUNK_BYTES_MAX + 128 * 1024;
const CONTENT_LIMITS: CborLimits = {
  bytesMax: CONTENT_BYTES_MAX,
  depthMax: 2,
  // A topic and a payload each, and what they are in.
  itemsMax: 2 * CHUNK_ENTRIES_MAX + 4,
  pairsMax: 0,
  textBytesMax: 512,
  binaryBytesMax: CONTENT_BYTES_MAX,
  tags: [],
};

/** A chunk as it lies on disk (protocols/cddl/outbox.cddl). */
export const writeRecord = (codec: Codec, entries: readonly OutboxEntry[]): Uint8Array => {
  const list = entries.flatMap(({ topic, payload }) => [topic, payload]);
  return seal(deflateRawSync(codec.encode(['outbox', 1, list])));
};

/** The entries of a chunk; none when it is damaged, of another kind or of a version unknown to this software. */
export const readRecord = (codec: Codec, { first, count }: OutboxChunk, value: Uint8Array): OutboxEntry[] => {
  const content = unseal(value);
  const list = content === null ? null : listOf(codec, content);
  if (list?.length !== 2 * count) return [];
  return Array.from({ length: count }, (_, i): OutboxEntry => {
    const [topic, payload] = list.slice(2 * i, 2 * i + 2) as [string, Uint8Array];
    return { position: first + i, topic, payload: Uint8Array.from(payload) };
  });
};

const listOf = (codec: Codec, content: Uint8Array): readonly unknown[] | null => {
  const bytes = inflated(content);
  const decoded = bytes === null ? null : codec.decode(bytes, CONTENT_LIMITS);
  if (!decoded?.ok || !Array.isArray(decoded.value)) return null;
  const [kind, version, list] = decoded.value as unknown[];
  if (kind !== 'outbox' || version !== 1 || !Array.isArray(list)) return null;
  const sound = list.every((item, i) => (i % 2 === 0 ? typeof item === 'string' : item instanceof Uint8Array));
  return sound ? (list as unknown[]) : null;
};

const inflated = (content: Uint8Array): Uint8Array | null => {
  try {
    return inflateRawSync(content, { maxOutputLength: CONTENT_BYTES_MAX });
  } catch {
    return null;
  }
};
