import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import type { Broker, EmbeddedBroker, RemoteBroker } from '../../configuration/broker.ts';
import { errorCode, errorMessage } from '../../errors.ts';
import { closedFilesOf, endpointOf } from '../broker-files.ts';
import { connectMqtt } from '../mqtt.ts';
import { type Finding, failed, finding } from './finding.ts';

/** Name, TCP, TLS and CONNACK together; a broker that takes longer hangs. */
const ANSWER_MS_MAX = 5_000;

/** A certificate that ends sooner is to be renewed now. */
const RENEW_DAYS = 30;
const DAY_MS = 24 * 3_600 * 1_000;

/**
 * Is somebody else's broker reached and let in to, or is the port of the embedded one free, and who gets in there?
 *
 * @param unixMs by which certificates are valid or not
 */
export const examineBroker = async (broker: Broker, clientId: string, unixMs: number): Promise<Finding[]> =>
  'url' in broker ? [await reach(broker, clientId)] : [await tryPort(broker), await examineAccess(broker, unixMs)];

/** Who is let in to the embedded broker. */
const examineAccess = async ({ tls }: EmbeddedBroker, unixMs: number): Promise<Finding> => {
  if (tls === undefined) {
    return finding('access', 'ok', 'open, on this machine alone: whatever runs here may read and write everything');
  }
  try {
    const { certificate } = await closedFilesOf(tls);
    const { validTo, subject } = new X509Certificate(certificate.cert);
    const days = Math.floor((Date.parse(validTo) - unixMs) / DAY_MS);
    const name = /^CN=(.*)$/m.exec(subject)?.[1];
    if (days < 0)
      return finding('access', 'fail', `the certificate of ${name} ended on ${validTo}: renew ${tls.certFile}`);
    if (days < RENEW_DAYS)
      return finding('access', 'warn', `the certificate of ${name} ends in ${days} days: renew it`);
    return finding('access', 'ok', `TLS as ${name}, for whoever shows a certificate of ${tls.caFile}`);
  } catch (error) {
    return failed('access', error);
  }
};

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

const tryPort = ({ port, host = '127.0.0.1', orAnyPort = false }: EmbeddedBroker): Promise<Finding> =>
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
