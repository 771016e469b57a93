import type { Bridge } from '../../../firmware/configuration/bridges.ts';
import { connectMqtt } from '../../../firmware/io/mqtt.ts';
import { gossipFilter, parseTopic } from '../../../protocols/topics.ts';
import { CommandError } from '../../errors.ts';
import { BROKERS, openFleetBroker } from './broker.ts';
import type { WireCount } from './wire-count.ts';

const CONNECT_MS_MAX = 10_000;

/** A site of the simulated fleet, with a broker of its own. */
export interface FleetSite {
  readonly name: string;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the sites, and listens to the gossip at each broker.
 *
 * @param which as for `openFleetBroker`
 * @throws CommandError `oneBroker`, `noMosquitto`; nothing is left open then
 */
export const openFleetSites = async (count: number, which: string, wire: WireCount): Promise<readonly FleetSite[]> => {
  if (count > 1 && !BROKERS.some((known) => known === which)) {
    const message = `several sites need a broker each, and ${which} is one: use --broker ${BROKERS.join(' or ')}`;
    throw new CommandError('oneBroker', message, 2);
  }
  const opened = await Promise.allSettled(Array.from({ length: count }, (_, at) => openSite(at, which, wire)));
  const sites = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed === undefined) return sites;
  await Promise.all(sites.map((site) => site.close()));
  throw failed.reason;
};

const openSite = async (at: number, which: string, wire: WireCount): Promise<FleetSite> => {
  const name = at === 0 ? 'fleet-sim' : `fleet-sim-${at + 1}`;
  const broker = await openFleetBroker(which);
  const ear = connectMqtt({ url: broker.url, clientId: `${name}-ear` });
  const close = async (): Promise<void> => {
    await ear.close();
    await broker.close();
  };
  try {
    await ear.ready(CONNECT_MS_MAX);
    await ear.subscribe(gossipFilter(name, {}), (topic, payload) => {
      const sender = parseTopic(topic)?.node;
      if (sender !== undefined) wire.heard(sender, topic, payload);
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { name, url: broker.url, close };
};

/** Nodes are dealt out to the sites in turn. */
export const siteOf = (sites: readonly FleetSite[], node: number): FleetSite => sites[node % sites.length]!;

/** The first node of each site joins it to the next. */
export const bridgesOf = (sites: readonly FleetSite[], node: number): readonly Bridge[] => {
  const next = node < sites.length ? sites[node + 1] : undefined;
  return next === undefined ? [] : [{ site: next.name, broker: { url: next.url } }];
};
