/** A named array as the format has it; `data` is little-endian, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly NamedTensor[];
}

/** The format allows 100 MB; what we read is a few KB. */
export const HEADER_BYTES_MAX = 1 << 20;
const LENGTH_BYTES = 8;
const TENSORS_MAX = 4096;
const DIMENSIONS_MAX = 8;
const METADATA = '__metadata__';
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4 },
  ...{ F16: 2, BF16: 2, I16: 2, U16: 2, F8_E5M2: 1, F8_E4M3: 1, I8: 1, U8: 1, BOOL: 1 },
};

/** A file that is not what it should be; the message says where. */
export class TensorFileError extends Error {
  override readonly name = 'TensorFileError';
}

const refuse = (what: string): never => {
  throw new TensorFileError(`not a safetensors file that can be used: ${what}`);
};

/**
 * safetensors (huggingface/safetensors, README "Format"): the header's length in 8 bytes, little-endian; the header,
 * JSON, padded with spaces to a multiple of 8; then the data of all tensors without a gap.
 */
export function writeTensorFile({ metadata, tensors }: TensorFile): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape, data }) => {
    const begin = end;
    end += data.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries]));
  const header = new TextEncoder().encode(text);
  const padded = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + padded + end).fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  new DataView(bytes.buffer).setUint32(0, padded, true);
  bytes.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + padded;
  for (const { data } of tensors) {
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

/**
 * Reads a file that anybody may have written. Data are views of `bytes`.
 *
 * @throws TensorFileError for lengths, offsets, shapes or names that contradict each other or the format's rules
 */
export function readTensorFile(bytes: Uint8Array): TensorFile {
  if (bytes.length < LENGTH_BYTES) refuse('it is shorter than a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0 || length > HEADER_BYTES_MAX)
    refuse(`its header is above ${HEADER_BYTES_MAX} bytes`);
  if (LENGTH_BYTES + length > bytes.length) refuse('its header is longer than the file');
  const header = headerOf(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const data = bytes.subarray(LENGTH_BYTES + length);
  const names = Object.keys(header).filter((name) => name !== METADATA);
  if (names.length > TENSORS_MAX) refuse(`it has ${names.length} tensors, ${TENSORS_MAX} are read`);
  const placed = names.map((name) => tensorOf(name, header[name], data)).sort((a, b) => a.begin - b.begin);
  let end = 0;
  for (const { tensor, begin } of placed) {
    if (begin !== end) refuse(`the data of ${shown(tensor.name)} overlap others or leave a gap`);
    end += tensor.data.length;
  }
  if (end !== data.length) refuse(`${data.length - end} bytes at its end belong to no tensor`);
  return { metadata: metadataOf(header[METADATA]), tensors: placed.map(({ tensor }) => tensor) };
}

function headerOf(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuse('its header does not begin with {');
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    requireDistinctKeys(text);
    header = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof TensorFileError) throw cause;
    refuse('its header is not JSON');
  }
  return Object.assign(Object.create(null), header);
}

/** JSON.parse lets the last of equal keys win, and two readers would then see two files. */
function requireDistinctKeys(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (open.length > 2 || keys?.has(key)) refuse(`its header says ${shown(key)} twice, or nests too deep`);
      keys?.add(key);
    }
  }
}

function tensorOf(name: string, entry: unknown, data: Uint8Array): { tensor: NamedTensor; begin: number } {
  const { dtype, shape, data_offsets: offsets } = Object(entry) as Record<string, unknown>;
  const size = typeof dtype === 'string' && Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype]! : 0;
  if (size === 0) refuse(`${shown(name)} has a type that is not known`);
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length <= DIMENSIONS_MAX && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!whole(shape) || !whole(offsets) || offsets.length !== 2) {
    return refuse(`${shown(name)} has a shape or offsets that are none`);
  }
  const [begin, end] = offsets as [number, number];
  if (!(begin <= end && end <= data.length)) refuse(`${shown(name)} lies outside of the file`);
  if (shape.reduce((product, n) => product * n, size) !== end - begin)
    refuse(`${shown(name)} is not as long as its shape`);
  return { tensor: { name, dtype: dtype as string, shape, data: data.subarray(begin, end) }, begin };
}

function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  const entries = Object.entries(Object(value) as Record<string, unknown>);
  if (Array.isArray(value) || !entries.every(([, text]) => typeof text === 'string'))
    refuse('its metadata are not texts');
  return Object.fromEntries(entries) as Record<string, string>;
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 64));
