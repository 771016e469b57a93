import type { Codec } from '../../protocols/codec.ts';
import { lastGeneration, nextGeneration } from '../io/generation.ts';
import { type MeshRest, takeMeshRest } from '../io/mesh-rest.ts';

export interface Life {
  /** Of this node among its peers. */
  readonly generation: number;
  /** What it goes on with; null for one that comes as a newcomer. */
  readonly rest: MeshRest | null;
}

export interface LifeOptions {
  readonly codec: Codec;
  /** Of the node's state in that site. */
  readonly directory: string;
  readonly lineage: string;
  /** First bytes of its key's hash. */
  readonly kid: Uint8Array;
  readonly unixMs: number;
}

/** Whatever was left stays where it is. @throws NodeError `fileUnreadable`, `fileUnwritable` */
export const newLife = async ({ directory, kid, unixMs }: LifeOptions): Promise<Life> => {
  return { generation: await nextGeneration(directory, kid, unixMs), rest: null };
};

/**
 * The life before goes on when the node stopped in good order and nothing has happened since: its peers then find it as
 * it was, mass and ledgers and all. Otherwise a new one begins.
 *
 * @throws NodeError `fileUnreadable`, `fileUnwritable`
 */
export const nextLife = async (options: LifeOptions): Promise<Life> => {
  const { codec, directory, lineage } = options;
  const rest = await takeMeshRest(codec, directory, lineage);
  if (rest !== null && rest.gossip.generation === (await lastGeneration(directory))) {
    return { generation: rest.gossip.generation, rest };
  }
  return newLife(options);
};
