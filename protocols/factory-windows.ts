/** Name of the .tflite metadata buffer that holds labelled windows from where the model was trained. */
export const FACTORY_WINDOWS_METADATA_NAME = 'myrmex-windows';

/** More than a node would keep: a file comes over the air. */
export const FACTORY_WINDOWS_MAX = 1024;

const VERSION = 1;
const HEADER_BYTES = 8;

/**
 * A few windows that a model was trained on, so that a node that learns goes on learning what it was shipped with.
 * They are normalised features as the model's int8 input has them: nothing is lost by the byte.
 */
export interface FactoryWindows {
  /** Class of each, 0 to 255. */
  readonly labels: Uint8Array;
  /** [windows × features] */
  readonly features: Int8Array;
}

/** No factory windows that this version understands. */
export class FactoryWindowsError extends Error {
  override readonly name = 'FactoryWindowsError';
}

/** Version (1 byte), 3 bytes of 0, numbers of windows and features (2 bytes each, little-endian), labels, features. */
export function encodeFactoryWindows({ labels, features }: FactoryWindows): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + labels.length + features.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  view.setUint16(4, labels.length, true);
  view.setUint16(6, labels.length === 0 ? 0 : features.length / labels.length, true);
  bytes.set(labels, HEADER_BYTES);
  bytes.set(new Uint8Array(features.buffer, features.byteOffset, features.length), HEADER_BYTES + labels.length);
  return bytes;
}

/**
 * @param features of a window, @param classes that the model tells apart
 * @throws FactoryWindowsError: they are damaged, of a later version, or belong to another model
 */
export function parseFactoryWindows(bytes: Uint8Array, features: number, classes: number): FactoryWindows {
  const fail = (what: string): never => {
    throw new FactoryWindowsError(`the factory windows ${what}`);
  };
  if (bytes.length < HEADER_BYTES) fail('are cut off');
  if (bytes[0] !== VERSION) fail(`have version ${bytes[0]}: this software reads ${VERSION}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(4, true);
  const size = view.getUint16(6, true);
  if (count > FACTORY_WINDOWS_MAX) fail(`are ${count}, at most ${FACTORY_WINDOWS_MAX} are read`);
  if (bytes.length !== HEADER_BYTES + count * (1 + size)) fail('are not as long as they say');
  if (count > 0 && size !== features) fail(`have ${size} features, the model takes ${features}`);
  // Copies: the bytes may be a part of a file.
  const labels = Uint8Array.from(bytes.subarray(HEADER_BYTES, HEADER_BYTES + count));
  if (labels.some((label) => label >= classes)) fail(`are of a class that the model does not tell apart`);
  return { labels, features: new Int8Array(Uint8Array.from(bytes.subarray(HEADER_BYTES + count)).buffer) };
}
