import { clientIdOf } from '../../protocols/access.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import type { PresenceBody } from '../../protocols/messages/presence.ts';
import type { Bridge } from '../configuration/bridges.ts';
import type { Mesh } from '../configuration/mesh.ts';
import type { BrokerEndpoint } from '../io/broker-endpoint.ts';
import { endpointOf } from '../io/broker-files.ts';
import { siteFolder, withFleetFiles } from '../io/fleet-folder.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { connectMqtt } from '../io/mqtt.ts';
import type { Share } from '../io/share.ts';
import { createPresence } from '../machines/presence.ts';
import { BridgeGauges, type BridgeVitals, bridgeVitals } from './bridge-vitals.ts';
import { type MeshDesk, openMesh } from './desk.ts';
import { requireEnrolment } from './fleet.ts';
import { type MeshOptions, ownIdentity } from './ground.ts';
import { type Life, nextLife } from './life.ts';

export interface BridgeOptions extends MeshOptions {
  /** What the node's presence says it is and runs, in every site. */
  readonly facts: Omit<PresenceBody, 'state' | 'mesh'>;
}

/** What a bridge needs, read and checked: after that only its broker can be missing. */
interface ReadyBridge {
  readonly site: string;
  readonly node: string;
  readonly configuration: Mesh;
  readonly directory: string;
  readonly life: Life;
  readonly endpoint: BrokerEndpoint;
  readonly mesh: NonNullable<PresenceBody['mesh']>;
  readonly vitals: BridgeVitals;
}

/**
 * Joins the mesh of the own site and those of further ones, each over a connection of its own: a broker that is away
 * holds up its own site alone.
 *
 * @throws NodeError of `openMesh`, `endpointOf`, `ownIdentity`, `requireEnrolment`, `nextLife`; all closes then
 */
export const openBridges = async (
  options: BridgeOptions,
  share: Share,
  bridges: readonly Bridge[],
): Promise<Pick<MeshDesk, 'handOver' | 'close'>> => {
  const gauges = new BridgeGauges(options.vitals);
  const ready = await Promise.all(
    bridges.map((bridge, i) => {
      const vitals = bridgeVitals(options.vitals, gauges, i, bridge.site);
      return readyBridge({ ...options, vitals }, share, bridge, vitals);
    }),
  );
  const home = await openMesh(options, share);
  const opened = await Promise.allSettled(ready.map((bridge) => openBridge(options, share, bridge, home)));
  const desks = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(desks.map((desk) => desk.close()));
    await home.close();
  };
  // All at once: what one of them mixed after another was put away would be levelled with what is on disk already.
  const handOver = async (): Promise<void> => {
    await Promise.all([home, ...desks].map((desk) => desk.handOver()));
  };
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed === undefined) return { handOver, close };
  await close();
  throw failed.reason;
};

const readyBridge = async (
  { node: name, codec, configuration: own, clock, directory: state }: BridgeOptions,
  { lineage }: Share,
  { site, node = name, broker, fleet, everySeconds = own.everySeconds }: Bridge,
  vitals: BridgeVitals,
): Promise<ReadyBridge> => {
  const endpoint = await endpointOf(withFleetFiles(broker, fleet));
  const { answerSeconds, defence } = own;
  const configuration: Mesh = {
    ...(everySeconds === undefined ? {} : { everySeconds }),
    ...(answerSeconds === undefined ? {} : { answerSeconds }),
    ...(defence === undefined ? {} : { defence }),
    ...(fleet === undefined ? {} : { fleet }),
  };
  if (fleet !== undefined) await requireEnrolment({ site, node, folder: fleet, codec });
  const directory = siteFolder(state, site);
  await makeDirectory(directory);
  const { publicKey } = await ownIdentity(configuration, directory);
  const life = await nextLife({ codec, directory, lineage, kid: publicKey.kid, unixMs: clock.unixMs() });
  const mesh = { lineage, generation: life.generation, ...(fleet === undefined ? { key: publicKey.bytes } : {}) };
  return { site, node, configuration, directory, life, endpoint, mesh, vitals };
};

/** Connects with a will and says `online` at every connection, as the node does at home. */
const openBridge = async (
  options: BridgeOptions,
  share: Share,
  bridge: ReadyBridge,
  home: MeshDesk,
): Promise<Pick<MeshDesk, 'handOver' | 'close'>> => {
  const { codec, clock, facts } = options;
  const { site, node, endpoint, mesh, vitals } = bridge;
  const writer = createEnvelopeWriter(codec, `${site}/${node}`, options.writer.epoch);
  const presence = createPresence({ site, node, writer, about: { ...facts, mesh } });
  const mqtt = connectMqtt({ ...endpoint, clientId: clientIdOf(site, node), will: presence.will(clock.unixMs()) });
  vitals.joined(false);
  mqtt.onFault((text) => vitals.trouble('broker', text));
  mqtt.onDisconnect(() => vitals.joined(false));
  mqtt.onConnect(() => {
    vitals.well('broker');
    vitals.joined(true);
    mqtt.publish(presence.online(clock.unixMs()));
  });
  const leave = async (): Promise<void> => {
    mqtt.publish(presence.offline(clock.unixMs()));
    await mqtt.close();
  };
  try {
    const desk = await openMesh({ ...options, ...bridge, writer, mqtt }, share, home);
    return {
      handOver: desk.handOver,
      close: async () => {
        await desk.close();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
};
