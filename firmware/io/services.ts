import { join } from 'node:path';
import type { Rights } from '../../protocols/access.ts';
import type { EmbeddedBroker } from '../configuration/broker.ts';
import { brokerLimits } from '../configuration/broker-limits.ts';
import { viewSettings } from '../configuration/views.ts';
import type { Configuration } from '../configuration.ts';
import { NodeError } from '../errors.ts';
import type { Notice } from '../log.ts';
import { discoveryTopics } from '../views/home-assistant.ts';
import type { Vitals } from '../vitals.ts';
import type { Broker, BrokerOptions } from './broker.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import { closedFilesOf, endpointOf } from './broker-files.ts';
import type { Store, StoreOptions } from './store.ts';

/** What a node stands on: a broker to talk through and a store to remember with. */
export interface Services {
  readonly endpoint: BrokerEndpoint;
  /** The embedded broker, null when it is somebody else's. */
  readonly broker: Broker | null;
  readonly store: Store;
}

/** Where the state lies, and how it is kept. */
export interface StateOptions extends StoreOptions {
  readonly directory: string;
}

/**
 * Opens broker and store side by side. Their packages are loaded here and not at the top of a file, so that the compute
 * worker, which takes longer, is on its way before.
 *
 * @throws NodeError of `endpointOf`, `startBroker` and `openStore`; what was opened by then is closed
 */
export const openServices = async (
  { broker: configuration, board, site, views }: Configuration,
  state: StateOptions,
  report: Vitals,
  notice: Notice,
): Promise<Services> => {
  const remote = 'url' in configuration ? await endpointOf(configuration) : null;
  const limits = brokerLimits(board, 'url' in configuration ? {} : configuration.limits);
  const closed = 'url' in configuration ? null : await closedBy(configuration, site, views);
  const parts = {
    ...{ directory: join(state.directory, 'broker'), limits, report, notice },
    ...(closed === null ? {} : { closed }),
  };
  const opened = await Promise.allSettled([openBroker(configuration, parts), openStoreAt(state)]);
  const [broker, store] = opened;
  if (broker.status === 'fulfilled' && store.status === 'fulfilled') {
    for (const text of store.value.notices) notice(text, 'warn');
    // To its own broker the node comes as every other: with its certificate, which is the broker's, too.
    const endpoint = remote ?? { url: broker.value!.url, ...closed?.certificate };
    return { endpoint, broker: broker.value, store: store.value };
  }
  if (broker.status === 'fulfilled') await broker.value?.close();
  if (store.status === 'fulfilled') await store.value.close();
  throw broker.status === 'rejected' ? broker.reason : (store as PromiseRejectedResult).reason;
};

/** What makes an embedded broker ask for certificates; null leaves it open. */
const closedBy = async (
  { tls, access = {} }: EmbeddedBroker,
  site: string,
  views: Configuration['views'],
): Promise<NonNullable<BrokerOptions['closed']> | null> => {
  if (tls === undefined) return null;
  const { certificate, root } = await closedFilesOf(tls);
  const { homeAssistant } = viewSettings(views);
  const { reads = [], writes = [] } = access;
  const extras = (node: string): Rights => {
    if (homeAssistant === null) return { reads, writes };
    const discovery = discoveryTopics(homeAssistant.discoveryPrefix, site, node);
    return { reads: [...reads, ...discovery.reads], writes: [...writes, discovery.writes] };
  };
  return { certificate, rules: { site, root, extras } };
};

const openBroker = async (
  configuration: Configuration['broker'],
  parts: Omit<BrokerOptions, 'port' | 'host' | 'notice'> & { readonly notice: Notice },
): Promise<Broker | null> => {
  if ('url' in configuration) return null;
  const { startBroker } = await import('./broker.ts');
  const { port, host, orAnyPort } = configuration;
  const options = host === undefined ? parts : { ...parts, host };
  try {
    return await startBroker({ port, ...options });
  } catch (error) {
    if (!orAnyPort || !(error instanceof NodeError) || error.code !== 'portInUse') throw error;
    const broker = await startBroker({ port: 0, ...options });
    parts.notice(`port ${port} is in use; the embedded broker listens on ${broker.port}`, 'warn');
    return broker;
  }
};

const openStoreAt = async ({ directory, ...options }: StateOptions): Promise<Store> => {
  const { openStore } = await import('./store.ts');
  return openStore(directory, options);
};
