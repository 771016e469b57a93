import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { LIMITS } from './limits.ts';
import { REPLAY_WORDS, type ReplayWindow, type ReplayWindows } from './replay-windows.ts';

const VERSION = 1;
const WORDS_BYTES = 4 * REPLAY_WORDS;
/** Head, name, two numbers of up to nine bytes, bitmap. */
const ENTRY_BYTES_MAX = 1 + (2 + LIMITS.nameCharsMax) + 2 * 9 + (2 + WORDS_BYTES);

const STATE_LIMITS: CborLimits = {
  ...MESSAGE_LIMITS,
  bytesMax: 64 + LIMITS.sendersMax * ENTRY_BYTES_MAX,
  itemsMax: 4 + LIMITS.sendersMax * 5,
};

/**
 * The windows as bytes to be stored: `["replayWindows", 1, [[name, epoch, newest, words], …]]`, words little-endian
 * (protocols/cddl/replay-windows.cddl). Store them together with what the messages changed: then a message that came
 * after was, after a crash, never received, and may come again.
 */
export function encodeReplayWindows(codec: Codec, windows: ReplayWindows): Uint8Array {
  const entries = [...windows.entries()].map(([name, { epoch, newest, words }]) => {
    const bytes = new Uint8Array(WORDS_BYTES);
    const view = new DataView(bytes.buffer);
    for (const [at, word] of words.entries()) view.setUint32(4 * at, word, true);
    return [name, epoch, newest, bytes];
  });
  return codec.encode(['replayWindows', VERSION, entries]);
}

/** Puts stored windows back. Never throws; false, and nothing is changed, when the bytes are of another form. */
export function restoreReplayWindows(codec: Codec, windows: ReplayWindows, bytes: Uint8Array): boolean {
  const decoded = codec.decode(bytes, STATE_LIMITS);
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return false;
  const [kind, version, entries] = decoded.value as unknown[];
  if (kind !== 'replayWindows' || version !== VERSION || !Array.isArray(entries)) return false;
  const read = entries.map(readEntry);
  if (read.length > LIMITS.sendersMax || read.includes(null)) return false;
  for (const entry of read) if (entry !== null) windows.restore(...entry);
  return true;
}

function readEntry(entry: unknown): readonly [name: string, window: ReplayWindow] | null {
  if (!Array.isArray(entry) || entry.length !== 4) return null;
  const [name, epoch, newest, packed] = entry as unknown[];
  if (typeof name !== 'string' || !isCount(epoch) || !isCount(newest)) return null;
  if (!(packed instanceof Uint8Array) || packed.length !== WORDS_BYTES) return null;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const words = Uint32Array.from({ length: REPLAY_WORDS }, (_, at) => view.getUint32(4 * at, true));
  return [name, { epoch, newest, words }];
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
