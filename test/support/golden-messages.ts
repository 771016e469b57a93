import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A message whose bytes are a promise: test/vectors/messages-v*.json. */
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

export const goldenMessages = (): readonly GoldenMessage[] =>
  readdirSync(folder)
    .filter((name) => /^messages-v\d+\.json$/.test(name))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as GoldenMessage[]);

export const bytesOf = ({ hex }: { readonly hex: string }): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
