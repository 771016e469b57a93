import type { MqttClient } from 'mqtt';
import { asBuffer } from './mqtt-connection.ts';

/**
 * How a delivery ended. `delivered`: the broker has acknowledged it. `returned`: the connection ended first, and the
 * message belongs to its sender again. `refused`: the broker wants no such message from us (MQTT 5 §3.4.2.1).
 */
export type DeliveryEnd = 'delivered' | 'returned' | 'refused';

export interface Deliveries {
  /** How many the broker takes before it has acknowledged the first; 0 while there is no connection. */
  readonly window: number;
  /** Publishes with QoS 1. @returns false when there is no connection: then `ended` is never called */
  deliver(topic: string, payload: Uint8Array, ended: (how: DeliveryEnd) => void): boolean;
}

/** Unacknowledged messages: a round trip of 50 ms then lets 2,500 a second pass. */
const WINDOW = 128;
/** What mqtt.js calls a message that it was told to forget. */
const WITHDRAWN = 'Message removed';

/**
 * Messages that somebody else keeps until they are acknowledged. mqtt.js would keep them itself across connections and
 * in its own memory only; here they are taken back the moment a connection ends, so that their sender can put them on
 * disk, and decide what follows first when the broker returns.
 */
export const createDeliveries = (client: MqttClient): Deliveries => {
  const out = new Set<number>();
  let window = 0;
  client.on('connect', ({ properties }) => {
    // Presence and acknowledgements of labels share the broker's limit (MQTT 5 §3.2.2.3.3); half of it is ours.
    window = Math.max(1, Math.min(WINDOW, Math.floor((properties?.receiveMaximum ?? Infinity) / 2)));
  });
  // Ahead of what mqtt.js does at the end of a connection.
  client.prependListener('close', () => {
    window = 0;
    for (const id of [...out]) client.removeOutgoingMessage(id);
  });
  return {
    get window() {
      return window;
    },
    deliver: (topic, payload, ended) => {
      if (window === 0 || client.disconnecting) return false;
      let id: number | null = null;
      client.publish(topic, asBuffer(payload), { qos: 1 }, (error) => {
        if (id !== null) out.delete(id);
        const lost = error?.message === WITHDRAWN || error?.message === 'Connection closed';
        ended(error ? (lost ? 'returned' : 'refused') : 'delivered');
      });
      // Known at once, as a connected client publishes at once.
      id = client.getLastMessageId();
      out.add(id);
      return true;
    },
  };
};
