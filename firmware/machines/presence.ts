import type { EnvelopeWriter } from '../../protocols/envelope.ts';
import { PRESENCE, type PresenceBody } from '../../protocols/messages/presence.ts';
import { topicName } from '../../protocols/topics.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

export interface PresenceOptions {
  readonly site: string;
  readonly node: string;
  readonly writer: EnvelopeWriter;
  /** What the node is and runs. */
  readonly about: Omit<PresenceBody, 'state'>;
}

/**
 * The node's retained presence. `will` goes to the broker with CONNECT; `online` is published at every connection (the
 * broker has published the will in between); `offline` before a goodbye, after which the broker drops the will.
 *
 * @param unixMs advisory time of sending
 */
export interface Presence {
  will(unixMs: number): OutgoingMessage;
  online(unixMs: number): OutgoingMessage;
  offline(unixMs: number): OutgoingMessage;
}

export function createPresence({ site, node, writer, about }: PresenceOptions): Presence {
  const topic = topicName(site, node, 'presence');
  const message = (state: PresenceBody['state'], unixMs: number): OutgoingMessage => {
    return {
      topic,
      payload: writer.write(PRESENCE, { ...about, state }, unixMs),
      qos: 1,
      retain: true,
    };
  };
  return {
    will: (unixMs) => message('offline', unixMs),
    online: (unixMs) => message('online', unixMs),
    offline: (unixMs) => message('offline', unixMs),
  };
}
