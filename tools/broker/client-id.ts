import { X509Certificate } from 'node:crypto';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';

/**
 * What a command calls itself at a broker. With a certificate it is below the common name of that, as the embedded
 * broker wants it (protocols/access.ts).
 *
 * @param purpose tells two commands that run at one time from one another: two clients of one id push each other out
 */
export const deskClientId = ({ cert }: BrokerEndpoint, purpose: string): string => {
  const commonName = cert === undefined ? undefined : /^CN=(.+)$/m.exec(new X509Certificate(cert).subject)?.[1];
  return commonName === undefined ? `myrmexctl-${purpose}` : `${commonName}/myrmexctl-${purpose}`;
};
