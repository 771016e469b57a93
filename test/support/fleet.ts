import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { closedFilesOf, endpointOf } from '../../firmware/io/broker-files.ts';
import { IDENTITY_FILES } from '../../firmware/io/identity-folder.ts';
import type { Role } from '../../protocols/access.ts';
import { certifyBroker, enrol } from '../../tools/fleet/enroll.ts';
import { createFleet, FLEET_FILES, type Fleet } from '../../tools/fleet/fleet-folder.ts';
import { temporaryFolder } from './machine-recording.ts';

const HUB = 'hub';

/** A fleet of a test: the operator's folder, and each member as it would come to a broker on this machine. */
export interface TestFleet {
  fleet: Fleet;
  /** Paths, as a configuration names them. */
  files(name: string): { certFile: string; keyFile: string; caFile: string; rootFile: string };
  endpoint(name: string, port: number): Promise<BrokerEndpoint>;
  /** Enrols one more, or one again. */
  enrol(name: string, role?: Role, renew?: boolean): Promise<void>;
  /** Makes the certificate of a Mosquitto on this machine; what its configuration says of TLS. */
  mosquitto(): Promise<readonly string[]>;
  /** What makes an embedded broker ask for certificates: that of the node `hub`. */
  closed(): Promise<Awaited<ReturnType<typeof closedFilesOf>>>;
  enrolment(name: string): Promise<Uint8Array>;
}

/** Makes a fleet with a hub that carries its broker. */
export const createTestFleet = async (members: Readonly<Record<string, Role>>, site = 'plant'): Promise<TestFleet> => {
  const folder = join(await temporaryFolder(), 'fleet');
  const files = (name: string) => {
    const at = (file: string): string => join(folder, 'members', name, file);
    const { certificate, tlsKey, authority, root } = IDENTITY_FILES;
    return { certFile: at(certificate), keyFile: at(tlsKey), caFile: at(authority), rootFile: at(root) };
  };
  const made: TestFleet = {
    fleet: await createFleet(folder, site, Date.now()),
    files,
    endpoint: (name, port) => {
      const { rootFile: _, ...own } = files(name);
      return endpointOf({ url: `mqtts://127.0.0.1:${port}`, ...own });
    },
    enrol: async (name, role = 'node', renew = false) => {
      const hosts = name === HUB ? ['hub.invalid'] : [];
      const order = { name, roles: [role], request: null, hosts, days: 1, renew, unixMs: Date.now() };
      made.fleet = (await enrol(made.fleet, order)).fleet;
    },
    mosquitto: async () => {
      const { fleet, folder: own } = await certifyBroker(made.fleet, {
        ...{ hosts: ['127.0.0.1'], days: 1, unixMs: Date.now() },
      });
      made.fleet = fleet;
      return [
        ...[
          `cafile ${join(own, 'ca.pem')}`,
          `certfile ${join(own, 'broker.pem')}`,
          `keyfile ${join(own, 'broker.key')}`,
        ],
        ...[`crlfile ${join(folder, FLEET_FILES.revocationList)}`, 'allow_anonymous false'],
        ...['require_certificate true', 'use_identity_as_username true'],
      ];
    },
    closed: () => closedFilesOf(files(HUB)),
    enrolment: async (name) => new Uint8Array(await readFile(join(folder, 'members', name, IDENTITY_FILES.enrolment))),
  };
  await made.enrol(HUB);
  for (const [name, role] of Object.entries(members)) await made.enrol(name, role);
  return made;
};
