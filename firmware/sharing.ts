import { createCodec } from '../protocols/codec.ts';
import type { PresenceBody } from '../protocols/messages/presence.ts';
import type { ComputeSupervisor } from './compute-supervisor.ts';
import type { Configuration } from './configuration.ts';
import { NodeError } from './errors.ts';
import type { Clock } from './io/clock.ts';
import type { Compute } from './io/compute.ts';
import type { Link } from './link.ts';
import type { Notice } from './log.ts';
import type { Vitals } from './vitals.ts';

export interface SharingOptions {
  readonly configuration: Configuration;
  readonly link: Link;
  readonly compute: ComputeSupervisor;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly notice: Notice;
  /** Of the node's state. */
  readonly directory: string;
  /** What `describeSharing` said. */
  readonly shares: PresenceBody['mesh'];
}

export interface Sharing {
  /** Before the compute worker ends: what nobody else knows yet is told. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

const ALONE: Sharing = { handOver: async () => {}, close: async () => {} };

/**
 * What a node that shares says of itself in its presence, from its first connection on and in its will: what it signed
 * and left at the broker can be read when it is gone. Its parts are loaded only where the configuration asks for it.
 *
 * @param first the compute worker, which says what is shared
 * @throws NodeError of `ownIdentity`, `requireEnrolment` and `nextGeneration`
 */
export const describeSharing = async (
  { site, node, mesh }: Configuration,
  first: Compute,
  { directory, unixMs }: { readonly directory: string; readonly unixMs: number },
): Promise<PresenceBody['mesh']> => {
  if (mesh === undefined) return undefined;
  if (mesh.fleet !== undefined) {
    const { requireEnrolment } = await import('./mesh/fleet.ts');
    await requireEnrolment({ site, node, folder: mesh.fleet, codec: createCodec() });
  }
  await first.built();
  if (first.share === null) return undefined;
  const [{ ownIdentity }, { nextGeneration }] = await Promise.all([
    import('./mesh/ground.ts'),
    import('./io/generation.ts'),
  ]);
  const { publicKey } = await ownIdentity(mesh, directory);
  const generation = await nextGeneration(directory, publicKey.kid, unixMs);
  // In a fleet the operator vouches for the key.
  const key = mesh.fleet === undefined ? { key: publicKey.bytes } : {};
  return { lineage: first.share.lineage, generation, ...key };
};

/**
 * Joins the mesh or the star where the configuration asks for it; their parts are loaded only then.
 *
 * @throws NodeError `noShare` when the model has nothing to share; those of `openMesh`, `openBridges` and `openStar`
 */
export const openSharing = async (options: SharingOptions): Promise<Sharing> => {
  const { configuration, link, compute, notice, shares, ...rest } = options;
  if (configuration.mesh === undefined) return ALONE;
  const { share } = compute.current;
  if (share === null || shares === undefined) {
    throw new NodeError('noShare', 'this model has no adapters to share: take "mesh" out of the configuration');
  }
  const { site, node, mesh } = configuration;
  if ([mesh, ...(mesh.bridges ?? [])].some(({ fleet }) => fleet === undefined)) {
    notice('the mesh is open: whoever reaches the broker of this machine may take part (mesh.fleet closes it)', 'warn');
  }
  const { writer, mqtt, facts } = link;
  const parts = {
    ...{ site, node, configuration: mesh, codec: createCodec(), writer, mqtt, ...rest, generation: shares.generation },
    share: () => compute.current.share,
  };
  if (mesh.coordinator !== undefined) {
    const { openStar } = await import('./mesh/star-desk.ts');
    return openStar(parts, share, mesh.coordinator);
  }
  if (mesh.bridges !== undefined) {
    const { openBridges } = await import('./mesh/bridges.ts');
    return { ...ALONE, ...(await openBridges({ ...parts, facts }, share, mesh.bridges)) };
  }
  const { openMesh } = await import('./mesh/desk.ts');
  const { close } = await openMesh(parts, share);
  return { ...ALONE, close };
};
