import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from './bytes.ts';
import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import { LIMITS } from './limits.ts';
import { Count } from './numbers.ts';
import { REPLAY_WORDS, type ReplayWindows } from './replay-windows.ts';

const WORDS_BYTES = 4 * REPLAY_WORDS;
/** Head, name, two numbers of up to nine bytes, bitmap. */
const ENTRY_BYTES_MAX = 1 + (2 + LIMITS.nameCharsMax) + 2 * 9 + (2 + WORDS_BYTES);

const STATE_LIMITS: CborLimits = {
  ...MESSAGE_LIMITS,
  bytesMax: 64 + LIMITS.sendersMax * ENTRY_BYTES_MAX,
  itemsMax: 4 + LIMITS.sendersMax * 5,
};

/** `["replayWindows", 1, [[name, epoch, newest, words], …]]`; words are little-endian (replay-windows.cddl). */
const State = Type.Tuple([
  Type.Literal('replayWindows'),
  Type.Literal(1),
  Type.Array(
    Type.Tuple([Type.String({ maxLength: LIMITS.nameCharsMax }), Count, Count, bytesType(WORDS_BYTES, WORDS_BYTES)]),
    { maxItems: LIMITS.sendersMax },
  ),
]);
const state = Compile(State);

/**
 * The windows as bytes to be stored. Store them together with what the messages changed: then a message that came after
 * was, after a crash, never received, and may come again.
 */
export function encodeReplayWindows(codec: Codec, windows: ReplayWindows): Uint8Array {
  const entries = [...windows.entries()].map(([name, { epoch, newest, words }]) => {
    const bytes = new Uint8Array(WORDS_BYTES);
    const view = new DataView(bytes.buffer);
    for (const [at, word] of words.entries()) view.setUint32(4 * at, word, true);
    return [name, epoch, newest, bytes];
  });
  return codec.encode(['replayWindows', 1, entries]);
}

/** Puts stored windows back. Never throws; false, and nothing is changed, when the bytes are of another form. */
export function restoreReplayWindows(codec: Codec, windows: ReplayWindows, bytes: Uint8Array): boolean {
  const decoded = codec.decode(bytes, STATE_LIMITS);
  if (!decoded.ok || !state.Check(decoded.value)) return false;
  for (const [name, epoch, newest, packed] of decoded.value[2]) {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    const words = Uint32Array.from({ length: REPLAY_WORDS }, (_, at) => view.getUint32(4 * at, true));
    windows.restore(name, { epoch, newest, words });
  }
  return true;
}
