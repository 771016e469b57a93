import type { ModelCard } from '../../protocols/model-card.ts';
import { type TopicKind, topicName } from '../../protocols/topics.ts';
import type { ViewSettings } from '../configuration/views.ts';
import type { Configuration } from '../configuration.ts';
import type { BrokerEndpoint } from '../io/broker-endpoint.ts';
import type { Clock } from '../io/clock.ts';
import type { Link } from '../link.ts';
import type { AlarmViews } from '../machines/alarms.ts';
import { type Announcer, startAnnouncer } from './announcer.ts';
import { type DeviceFacts, discoveryOf } from './home-assistant.ts';
import { createMirror } from './mirror.ts';
import type { ViewPart } from './part.ts';
import { openViewsWire } from './wire.ts';

export interface OthersOptions {
  readonly configuration: Configuration;
  readonly settings: ViewSettings;
  readonly plan: { readonly card: ModelCard; readonly experts: readonly string[] };
  readonly endpoint: BrokerEndpoint;
  readonly link: Pick<Link, 'writer'>;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly clock: Clock;
  readonly alarms: () => AlarmViews;
}

/**
 * JSON for readers without our code, and Home Assistant: over a connection of their own.
 *
 * @throws NodeError `brokerUrl`
 */
export const openOthers = async (options: OthersOptions): Promise<ViewPart> => {
  const { configuration, settings, plan, endpoint, about, clock } = options;
  const { site, node, board } = configuration;
  const { jsonPerSecond, homeAssistant } = settings;
  if (jsonPerSecond === 0 && homeAssistant === null) return {};
  const speaker = { site, node };
  const { mqtt, close } = await openViewsWire(speaker, endpoint);
  const { epoch } = options.link.writer;
  const mirror = createMirror({
    ...{ speaker, about, epoch, card: plan.card, experts: plan.experts, mqtt, clock },
    alarms: options.alarms,
    decisionsPerSecond: jsonPerSecond,
  });
  const whole = (kind: TopicKind): string =>
    [...(endpoint.prefix === undefined ? [] : [endpoint.prefix]), topicName(site, node, kind)].join('/');
  const facts: DeviceFacts = {
    ...{ site, node, board, version: about.version, model: about.model, classes: plan.card.labels },
    ...{ stateTopic: whole('state/json'), availabilityTopic: whole('availability') },
    outputs: plan.card.task === 'regression' ? plan.card.outputs : [],
    scores: plan.card.task === 'anomaly',
    acknowledgeTopic: whole('alarm/acknowledge'),
    askTopic: whole('ask/json'),
    alarms: (configuration.alarms ?? []).map(({ name, latched = false }) => ({ name, latched })),
  };
  let announcer: Announcer | null = null;
  if (homeAssistant !== null) {
    const discovery = discoveryOf(homeAssistant.discoveryPrefix, facts);
    const share = shareOf(`${site}/${node}`);
    announcer = startAnnouncer({ mqtt, ...homeAssistant, discovery, share, monotonicMs: clock.monotonicMs });
  }
  return {
    decided: mirror.decided,
    tick: (status, now) => {
      mirror.tick(status, now);
      announcer?.tick(now);
    },
    close,
  };
};

/** 0 … 1 from a name (FNV-1a): neighbours of one site get different ones. */
const shareOf = (name: string): number => {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
};
