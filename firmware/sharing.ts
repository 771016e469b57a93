import { createCodec } from '../protocols/codec.ts';
import type { PresenceBody } from '../protocols/messages/presence.ts';
import type { ComputeSupervisor } from './compute-supervisor.ts';
import type { Configuration } from './configuration.ts';
import { NodeError } from './errors.ts';
import type { Clock } from './io/clock.ts';
import type { Compute } from './io/compute.ts';
import type { Link } from './link.ts';
import type { Notice } from './log.ts';
import type { Life } from './mesh/life.ts';
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
  readonly shares: Shares;
}

/** What a node that shares says in its presence, and what it goes on with; neither where it shares nothing. */
export interface Shares {
  readonly mesh: PresenceBody['mesh'];
  readonly life: Life | null;
}

export interface Sharing {
  /** Before the compute worker ends: what nobody else knows yet is told. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

const NO_SHARES: Shares = { mesh: undefined, life: null };
const ALONE: Sharing = { handOver: async () => {}, close: async () => {} };

/**
 * What a node that shares says of itself in its presence, from its first connection on and in its will: what it signed
 * and left at the broker can be read when it is gone. Its parts are loaded only where the configuration asks for it.
 *
 * @param first the compute worker, which says what is shared
 * @throws NodeError of `ownIdentity`, `requireEnrolment` and `nextLife`
 */
export const describeSharing = async (
  { site, node, mesh }: Configuration,
  first: Compute,
  { directory, unixMs }: { readonly directory: string; readonly unixMs: number },
): Promise<Shares> => {
  if (mesh === undefined) return NO_SHARES;
  if (mesh.fleet !== undefined) {
    const { requireEnrolment } = await import('./mesh/ground.ts');
    await requireEnrolment({ site, node, folder: mesh.fleet, codec: createCodec() });
  }
  await first.built();
  if (first.share === null) return NO_SHARES;
  const { lineage } = first.share;
  const [{ ownIdentity }, { newLife, nextLife }] = await Promise.all([
    import('./mesh/ground.ts'),
    import('./mesh/life.ts'),
  ]);
  const { publicKey } = await ownIdentity(mesh, directory);
  const parts = { codec: createCodec(), directory, lineage, kid: publicKey.kid, unixMs };
  const life = await (mesh.coordinator === undefined ? nextLife(parts) : newLife(parts));
  // In a fleet the operator vouches for the key.
  const key = mesh.fleet === undefined ? { key: publicKey.bytes } : {};
  return { mesh: { lineage, generation: life.generation, ...key }, life };
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
  const { life } = shares;
  if (share === null || life === null) {
    throw new NodeError('noShare', 'this model has no adapters to share: take "mesh" out of the configuration');
  }
  const { site, node, mesh } = configuration;
  if ([mesh, ...(mesh.bridges ?? [])].some(({ fleet }) => fleet === undefined)) {
    notice('the mesh is open: whoever reaches the broker of this machine may take part (mesh.fleet closes it)', 'warn');
  }
  const { writer, mqtt, facts } = link;
  const parts = {
    ...{ site, node, configuration: mesh, codec: createCodec(), writer, mqtt, notice, ...rest, life },
    share: () => compute.current.share,
  };
  if (mesh.coordinator !== undefined) {
    const { openStar } = await import('./mesh/star-desk.ts');
    return openStar(parts, share, mesh.coordinator);
  }
  if (mesh.bridges !== undefined) {
    const { openBridges } = await import('./mesh/bridges.ts');
    return openBridges({ ...parts, facts }, share, mesh.bridges);
  }
  const { openMesh } = await import('./mesh/desk.ts');
  return openMesh(parts, share);
};
