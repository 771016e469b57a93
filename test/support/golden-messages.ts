import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createCodec } from '../../protocols/codec.ts';
import { readEnvelope } from '../../protocols/envelope.ts';

/** A message whose bytes are a promise. */
export interface GoldenMessage {
  readonly kind: string;
  readonly version: number;
  readonly hex: string;
  readonly sender: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly time: number;
  readonly body: unknown;
}

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const read = (name: string): string => readFileSync(`${folder}${name}`, 'utf8');

export const bytesOf = ({ hex }: { readonly hex: string }): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** Every one in test/vectors: lists in messages-*.json, and messages of one kind in KIND-v1.hex, one a line. */
export const goldenMessages = (): readonly GoldenMessage[] =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => {
      if (/^messages-.*\.json$/.test(name)) return JSON.parse(read(name)) as GoldenMessage[];
      return name.endsWith('.hex') ? read(name).trim().split('\n').map(opened) : [];
    });

const opened = (hex: string): GoldenMessage => {
  const envelope = readEnvelope(createCodec(), bytesOf({ hex }));
  if (!envelope.ok) throw new Error(`a golden message is refused: ${envelope.reason}`);
  return { hex, ...envelope.value };
};
