import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { within } from '../../firmware/within.ts';
import { revocationTopic } from '../../protocols/topics.ts';
import { deskClientId } from '../broker/desk-identity.ts';
import { CommandError } from '../errors.ts';

const CONNECT_MS_MAX = 3_000;
const ECHO_MS_MAX = 5_000;

/**
 * Leaves the list of revocations at a broker, retained, and waits until the broker gives it back: MQTT 3.1.1 has no way
 * to say that a message is refused, so a list that only left this desk may have gone nowhere.
 *
 * @throws CommandError `revocationRefused`; NodeError `brokerUnreachable`, `brokerUrl`
 */
export const publishRevocation = async (endpoint: BrokerEndpoint, site: string, message: Uint8Array): Promise<void> => {
  const mqtt = connectMqtt({ ...endpoint, clientId: deskClientId(endpoint, `fleet-${process.pid}`) });
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    const topic = revocationTopic(site);
    let given = (): void => {};
    const givenBack = new Promise<void>((resolve) => {
      given = resolve;
    });
    await mqtt.subscribe(topic, (_topic, payload) => {
      if (Buffer.from(payload).equals(message)) given();
    });
    mqtt.publish({ topic, payload: message, qos: 1, retain: true });
    if (await within(givenBack, ECHO_MS_MAX)) return;
    const mend = 'it takes a certificate or a user with the role operator';
    throw new CommandError('revocationRefused', `${endpoint.url} does not keep the list of revocations: ${mend}`);
  } finally {
    await mqtt.close();
  }
};
