import { clientIdOf } from '../../protocols/access.ts';
import { topicName } from '../../protocols/topics.ts';
import type { BrokerEndpoint } from '../io/broker-endpoint.ts';
import type { MqttPort } from '../io/mqtt.ts';
import type { OutgoingMessage } from '../machines/outgoing-message.ts';
import { within } from '../within.ts';
import type { Speaker } from './json.ts';

const encoder = new TextEncoder();
/** A broker that does not let us say goodbye says `offline` for us, by the will. */
const GOODBYE_MS_MAX = 500;

/** The connection of the views: a broker keeps one will per connection, and the node's own is in CBOR. */
export interface ViewsWire {
  readonly mqtt: MqttPort;
  /** Says `offline` and hangs up. */
  close(): Promise<void>;
}

/**
 * Connects beside the node's own connection, and says on `…/availability` (retained, plain text) whether the node is
 * there; as the will, the broker says it for us.
 */
export const openViewsWire = async ({ site, node }: Speaker, endpoint: BrokerEndpoint): Promise<ViewsWire> => {
  const { connectMqtt } = await import('../io/mqtt.ts');
  const availability = (text: 'online' | 'offline'): OutgoingMessage => ({
    ...{ topic: topicName(site, node, 'availability'), payload: encoder.encode(text), qos: 1, retain: true },
  });
  const mqtt = connectMqtt({ ...endpoint, clientId: clientIdOf(site, node, 'views'), will: availability('offline') });
  mqtt.onConnect(() => void mqtt.publish(availability('online')));
  return {
    mqtt,
    close: async () => {
      mqtt.publish(availability('offline'));
      await within(mqtt.close(), GOODBYE_MS_MAX);
    },
  };
};
