import { createServer } from 'node:net';
import type { Broker, RemoteBroker } from '../../configuration/broker.ts';
import { errorCode, errorMessage } from '../../errors.ts';
import { endpointOf } from '../broker-files.ts';
import { connectMqtt } from '../mqtt.ts';
import { type Finding, failed, finding } from './finding.ts';

/** Name, TCP, TLS and CONNACK together; a broker that takes longer hangs. */
const ANSWER_MS_MAX = 5_000;

/** Is somebody else's broker reached and let in to, or is the port of the embedded one free? */
export const examineBroker = (broker: Broker, clientId: string): Promise<Finding> =>
  'url' in broker ? reach(broker, clientId) : tryPort(broker);

/** Connects once, under a name of its own, so that the node itself is not pushed out [MQTT-3.1.4-2]. */
const reach = async (broker: RemoteBroker, clientId: string): Promise<Finding> => {
  try {
    const endpoint = await endpointOf(broker);
    const mqtt = connectMqtt({ ...endpoint, clientId, connectMsMax: ANSWER_MS_MAX });
    const fault = new Promise<string>((resolve) => mqtt.onFault(resolve));
    const answer = await Promise.race([fault, mqtt.ready(ANSWER_MS_MAX).then(() => null, errorMessage)]);
    await mqtt.close();
    if (answer !== null) return finding('broker', 'fail', answer);
    return finding('broker', 'ok', `${broker.url} answers and lets us in`);
  } catch (error) {
    return failed('broker', error);
  }
};

const tryPort = ({ port, host = '127.0.0.1', orAnyPort = false }: Exclude<Broker, RemoteBroker>): Promise<Finding> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const taken = errorCode(error) === 'EADDRINUSE';
      const text = taken ? `port ${port} is in use, perhaps by a node that runs already` : errorMessage(error);
      if (taken && orAnyPort) resolve(finding('broker', 'warn', `${text}; another one will be taken`));
      else resolve(finding('broker', 'fail', `${text}; stop it, choose another port, or use its broker's "url"`));
    });
    server.listen(port, host, () => {
      server.close(() => resolve(finding('broker', 'ok', `embedded; ${host} port ${port || 'of any number'} is free`)));
    });
  });
