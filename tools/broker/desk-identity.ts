import { X509Certificate } from 'node:crypto';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { isName } from '../../protocols/names.ts';

/** The names in a desk's own certificate (tools/fleet/enroll.ts), as far as they are there. */
const namesIn = ({ cert }: BrokerEndpoint): { readonly commonName?: string; readonly organisation?: string } => {
  const subject = cert === undefined ? '' : new X509Certificate(cert).subject;
  const [commonName, organisation] = [/^CN=(.+)$/m.exec(subject)?.[1], /^O=(.+)$/m.exec(subject)?.[1]];
  return {
    ...(commonName === undefined ? {} : { commonName }),
    ...(organisation === undefined ? {} : { organisation }),
  };
};

/**
 * What a command calls itself at a broker. With a certificate it is below the common name of that, as the embedded
 * broker wants it (protocols/access.ts).
 *
 * @param purpose tells two commands that run at one time from one another: two clients of one id push each other out
 */
export const deskClientId = (endpoint: BrokerEndpoint, purpose: string): string => {
  const { commonName } = namesIn(endpoint);
  return commonName === undefined ? `myrmexctl-${purpose}` : `${commonName}/myrmexctl-${purpose}`;
};

/** The site that a certificate of a fleet is for; a viewer may not look at all sites at once. */
export const siteOfDesk = (endpoint: BrokerEndpoint): string | undefined => {
  const { commonName, organisation = '' } = namesIn(endpoint);
  return isName(organisation) && commonName?.startsWith(`${organisation}-`) ? organisation : undefined;
};
