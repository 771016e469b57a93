import { createRequire } from 'node:module';
import type { Timed } from '../../model/measure/sampler.ts';

/** Another runtime for .tflite models. */
export interface Peer {
  readonly name: string;
  /** Rejects when it does not take the model. */
  load(model: Uint8Array, shapes: Shapes): Promise<LoadedPeer>;
}

/** What some runtimes have to be told: of the first input, and of the first output. */
export interface Shapes {
  readonly input: readonly number[];
}

export interface LoadedPeer {
  /** Runs on an input and returns a copy of the first output. */
  run(input: Int8Array): Int8Array;
  /** Inferences on the input of the last `run`. */
  readonly timed: Timed;
  close(): void;
}

/** Resolves packages of the folder of their own, which `npm run bench:engine` installs. */
export const peerRequire = createRequire(new URL('../package.json', import.meta.url));
