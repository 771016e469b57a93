import type { MqttPort } from '../io/mqtt.ts';
import { type Discovery, removal } from './home-assistant.ts';

/**
 * Home Assistant coming online makes every gateway of a site speak at once; each waits its own share of this first.
 */
const SPREAD_MS = 5_000;

export interface AnnouncerOptions {
  readonly mqtt: Pick<MqttPort, 'publish' | 'subscribe' | 'onConnect'>;
  readonly discoveryPrefix: string;
  readonly discovery: Discovery;
  /** False takes away what is there. */
  readonly enabled: boolean;
  /** 0 … 1, the same for a gateway every time. */
  readonly share: number;
  readonly monotonicMs: () => number;
}

/** Keeps what Home Assistant knows of the gateway as it should be. */
export interface Announcer {
  /** About once a second. @param now monotonic ms */
  tick(now: number): void;
}

/**
 * Announces at every connection and when Home Assistant says that it came online
 * (home-assistant.io/integrations/mqtt/#birth-and-last-will-messages). Retained announcements of this gateway that are
 * not announced any more, because an alarm or the whole view was taken out of the configuration, are removed.
 */
export const startAnnouncer = (options: AnnouncerOptions): Announcer => {
  const { mqtt, discoveryPrefix, discovery, enabled } = options;
  const messages = enabled ? discovery.messages : [];
  const topics = new Set(messages.map(({ topic }) => topic));
  let announceAtMs = Number.POSITIVE_INFINITY;
  const announce = (): void => {
    announceAtMs = Number.POSITIVE_INFINITY;
    for (const message of messages) mqtt.publish(message);
  };
  const stale = (topic: string, payload: Uint8Array): void => {
    if (payload.length > 0 && !topics.has(topic)) mqtt.publish(removal(topic));
  };
  const born = (_topic: string, payload: Uint8Array): void => {
    const online = new TextDecoder().decode(payload.subarray(0, 16)) === 'online';
    if (online) announceAtMs = Math.min(announceAtMs, options.monotonicMs() + options.share * SPREAD_MS);
  };
  mqtt.onConnect(announce);
  // Subscribed at the first connection, if the broker is away now; a refusal leaves the retained announcements.
  mqtt.subscribe(discovery.filter, stale, { absolute: true }).catch(() => {});
  if (enabled) mqtt.subscribe(`${discoveryPrefix}/status`, born, { absolute: true }).catch(() => {});
  return {
    tick: (now) => {
      if (now >= announceAtMs) announce();
    },
  };
};
