import { roundsOf } from '../../protocols/gossip/schedule.ts';
import type { MeshOptions } from './mesh-options.ts';

export const ROUND_TIMEOUT_MS = 250;

/** A machine of a gateway: every gateway has one in its own site, and a bridge one more in the next. */
export interface Seat {
  readonly site: number;
  /** Index of the gateway, which is that of its machine at home. */
  readonly gateway: number;
}

type Layout = Pick<MeshOptions, 'nodes' | 'sites' | 'bridges'>;

/** Sites in a chain, each joined to the next by its first `bridges` gateways; machines at home come first. */
export function seatsOf({ nodes, sites, bridges }: Layout): readonly Seat[] {
  const home = Array.from({ length: sites * nodes }, (_, gateway) => ({
    gateway,
    site: Math.floor(gateway / nodes),
  }));
  const isBridge = ({ gateway, site }: Seat): boolean => gateway % nodes < bridges && site + 1 < sites;
  return [...home, ...home.filter(isBridge).map(({ gateway, site }) => ({ gateway, site: site + 1 }))];
}

/** Most machines that one site has. */
export function siteSize({ nodes, sites, bridges }: Layout): number {
  return nodes + (sites > 1 ? Math.min(bridges, nodes) : 0);
}

/** Time from one cycle to the next, ms: enough for all its rounds to be given up. */
export function periodOf(layout: Layout): number {
  return (roundsOf(siteSize(layout)) + 2) * ROUND_TIMEOUT_MS;
}

/**
 * Cycles in which a chain halves the differences between its sites, at least: a levelling moves half of one machine's
 * weight in a site over a link, and the slowest wave of a chain of k sites falls by 1 - cos(π / k) of that each time.
 */
export function halvingCycles(layout: Layout): number {
  if (layout.sites === 1) return 0;
  const share = Math.min(layout.bridges, layout.nodes) / siteSize(layout);
  return Math.LN2 / (share * (1 - Math.cos(Math.PI / layout.sites)));
}

/** Names that sort as they count. */
export function nameOf(index: number): string {
  return `n${String(index).padStart(5, '0')}`;
}

export function indexOf(name: string): number {
  return Number(name.slice(1));
}
