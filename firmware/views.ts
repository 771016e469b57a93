import type { ModelCard } from '../protocols/model-card.ts';
import { topicName } from '../protocols/topics.ts';
import { viewSettings } from './configuration/views.ts';
import type { Configuration } from './configuration.ts';
import type { BrokerEndpoint } from './io/broker-endpoint.ts';
import type { Clock } from './io/clock.ts';
import type { DecisionRecord } from './machines/publisher.ts';
import type { NodeStatus } from './status.ts';
import { startAnnouncer } from './views/announcer.ts';
import { discoveryOf } from './views/home-assistant.ts';
import { createMirror } from './views/mirror.ts';
import { openViewsWire } from './views/wire.ts';

const TICK_MS = 1_000;

export interface ViewsOptions {
  readonly configuration: Configuration;
  readonly card: ModelCard;
  readonly experts: readonly string[];
  readonly epoch: number;
  readonly endpoint: BrokerEndpoint;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly clock: Clock;
}

/** What the node shows to others, in their own formats. */
export interface Views {
  /** @param now monotonic ms */
  decided(record: DecisionRecord, now: number): void;
  /** Starts what is said without being asked. */
  begin(status: () => NodeStatus): void;
  close(): Promise<void>;
}

const NOTHING: Views = { decided: () => {}, begin: () => {}, close: async () => {} };

/** Opens the views that the configuration asks for. @throws NodeError `brokerUrl` */
export const openViews = async (options: ViewsOptions): Promise<Views> => {
  const { configuration, card, experts, epoch, endpoint, about, clock } = options;
  const { site, node, board } = configuration;
  const { jsonPerSecond, homeAssistant } = viewSettings(configuration.views);
  if (jsonPerSecond === 0 && homeAssistant === null) return NOTHING;
  const speaker = { site, node };
  const wire = await openViewsWire(speaker, endpoint);
  const mirror = createMirror({
    ...{ speaker, about, epoch, classes: card.labels, experts, mqtt: wire.mqtt, clock },
    decisionsPerSecond: jsonPerSecond,
  });
  const whole = (kind: 'state/json' | 'availability'): string =>
    [...(endpoint.prefix === undefined ? [] : [endpoint.prefix]), topicName(site, node, kind)].join('/');
  const announcer =
    homeAssistant === null
      ? null
      : startAnnouncer({
          ...{ mqtt: wire.mqtt, ...homeAssistant, share: shareOf(`${site}/${node}`), monotonicMs: clock.monotonicMs },
          discovery: discoveryOf(homeAssistant.discoveryPrefix, {
            ...{ site, node, board, version: about.version, model: about.model, classes: card.labels },
            stateTopic: whole('state/json'),
            availabilityTopic: whole('availability'),
          }),
        });
  let timer: NodeJS.Timeout | undefined;
  return {
    decided: mirror.decided,
    begin: (status) => {
      timer = setInterval(() => {
        const now = clock.monotonicMs();
        mirror.tick(status(), now);
        announcer?.tick(now);
      }, TICK_MS);
    },
    close: () => {
      clearInterval(timer);
      return wire.close();
    },
  };
};

/** 0 … 1 from a name (FNV-1a): neighbours of one site get different ones. */
const shareOf = (name: string): number => {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
};
