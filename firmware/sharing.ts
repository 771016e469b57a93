import { createCodec } from '../protocols/codec.ts';
import type { ComputeSupervisor } from './compute-supervisor.ts';
import type { Configuration } from './configuration.ts';
import { NodeError } from './errors.ts';
import type { Clock } from './io/clock.ts';
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
}

/**
 * Joins the mesh where the configuration asks for it; its parts are loaded only then.
 *
 * @returns what leaves it again
 * @throws NodeError `noShare` when the model has nothing to share; those of `openMesh`
 */
export const openSharing = async (options: SharingOptions): Promise<() => Promise<void>> => {
  const { configuration, link, compute, notice, ...rest } = options;
  if (configuration.mesh === undefined) return async () => {};
  const { share } = compute.current;
  if (share === null) {
    throw new NodeError('noShare', 'this model has no adapters to share: take "mesh" out of the configuration');
  }
  if (configuration.mesh.fleet === undefined) {
    notice('the mesh is open: whoever reaches the broker of this machine may take part (mesh.fleet closes it)', 'warn');
  }
  const { openMesh } = await import('./mesh/desk.ts');
  const { site, node, mesh } = configuration;
  const { writer, mqtt, presence } = link;
  const parts = { site, node, configuration: mesh, codec: createCodec(), writer, mqtt, presence, ...rest };
  const desk = await openMesh({ ...parts, share: () => compute.current.share }, share);
  return desk.close;
};
