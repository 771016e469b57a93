import type { Vitals } from '../vitals.ts';

/** What is counted apart from the own site's; everything else that is counted is added to it. */
const NAMES: Readonly<Record<string, string>> = {
  meshCycles: 'meshBridgeCycles',
  meshPeers: 'meshBridgePeers',
  meshQuarantined: 'meshBridgeQuarantined',
};

/** Vitals of the parts of one bridge, under names that all bridges of a node share, and troubles of its own. */
export interface BridgeVitals extends Vitals {
  /** Whether the site's broker is there; `meshBridges` says at how many it is. */
  joined(is: boolean): void;
}

/** Gauges of several bridges, added up. */
export class BridgeGauges {
  private readonly values = new Map<string, number[]>();

  constructor(private readonly vitals: Vitals) {}

  set(name: string, bridge: number, value: number): void {
    const all = this.values.get(name) ?? [];
    all[bridge] = value;
    this.values.set(name, all);
    this.vitals.set(
      name,
      all.reduce((sum, each) => sum + (each ?? 0), 0),
    );
  }
}

/** @param bridge its place in the configuration, from 0 */
export const bridgeVitals = (vitals: Vitals, gauges: BridgeGauges, bridge: number, site: string): BridgeVitals => {
  // The worker that all sites wait for has one trouble; connection and files of each bridge have their own.
  const troubleOf = (name: string): string => (name === 'mesh' ? name : `${name}Bridge${bridge + 1}`);
  return {
    count: (name, by) => vitals.count(NAMES[name] ?? name, by),
    set: (name, value) => {
      // Its cycle has no meaning beside that of another site.
      if (name !== 'meshCycle') gauges.set(NAMES[name] ?? name, bridge, value);
    },
    trouble: (name, text) => vitals.trouble(troubleOf(name), name === 'mesh' ? text : `site ${site}: ${text}`),
    well: (name) => vitals.well(troubleOf(name)),
    joined: (is) => gauges.set('meshBridges', bridge, is ? 1 : 0),
    get counters() {
      return vitals.counters;
    },
    get health() {
      return vitals.health;
    },
  };
};
