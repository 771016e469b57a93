import type { Codec } from '../../protocols/codec.ts';
import { Registry } from '../../protocols/enrolment.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { encodeReplayWindows, restoreReplayWindows } from '../../protocols/replay-state.ts';
import type { ReplayWindows } from '../../protocols/replay-windows.ts';
import { parseTopic, revocationTopic, topicFilter, topicName } from '../../protocols/topics.ts';
import { errorMessage, NodeError } from '../errors.ts';
import { readFleetFolder } from '../io/fleet-folder.ts';
import { kidOf, type PublicKey } from '../io/keys.ts';
import { readMeshState, writeMeshState } from '../io/mesh-state.ts';
import type { MqttPort } from '../io/mqtt.ts';
import type { Vitals } from '../vitals.ts';
import { fleetKeyring, type Keyring } from './keyring.ts';

/** Replay windows move with every message, and a card lasts longer: an older window lets nothing in that does harm, as
 *  the ledgers of gossip and the numbers of a star count nothing twice either. */
const WINDOWS_MS = 600_000;

export interface FleetOptions {
  readonly site: string;
  readonly node: string;
  /** Of the node's identity (io/identity-folder.ts). */
  readonly folder: string;
  /** Of the node's state. */
  readonly directory: string;
  readonly codec: Codec;
  readonly mqtt: MqttPort;
  readonly vitals: Vitals;
  readonly windows: ReplayWindows;
}

/** Who belongs to the site, as the operator signed it: learned from the broker, kept over restarts. */
export interface FleetRegister {
  readonly keyring: Keyring;
  close(): Promise<void>;
}

/**
 * The operator's word for this node, checked.
 *
 * @throws NodeError `notEnrolled` when the folder's enrolment is not this node's, and what reading the files throws
 */
export const requireEnrolment = async ({
  site,
  node,
  folder,
  codec,
}: Pick<FleetOptions, 'site' | 'node' | 'folder' | 'codec'>): Promise<{ root: PublicKey; own: Uint8Array }> => {
  const { root, enrolment: own } = await readFleetFolder(folder);
  const taken = new Registry({ codec, site, root, kidOf }).enrol(node, own);
  if (taken.ok) return { root, own };
  throw notEnrolled(`${site}/${node}`, folder, taken.reason);
};

/** @throws NodeError as `requireEnrolment`, also when this node was revoked */
export const openFleet = async (options: FleetOptions): Promise<FleetRegister> => {
  const { site, node, folder, codec, mqtt, vitals, windows } = options;
  const { root, own } = await requireEnrolment(options);
  const registry = new Registry({ codec, site, root, kidOf });
  const { state, isDamaged } = await readMeshState(codec, options.directory);
  if (isDamaged) vitals.count('meshStateDamaged');
  if (state.revocation !== null) registry.revoke(state.revocation);
  for (const [name, bytes] of state.enrolments) registry.enrol(name, bytes);
  if (state.replayWindows !== null) restoreReplayWindows(codec, windows, state.replayWindows);
  registry.enrol(node, own);
  const standing = registry.of(node);
  if (!standing.ok) throw notEnrolled(`${site}/${node}`, folder, standing.reason);

  const store = async (): Promise<void> => {
    try {
      const { enrolments, revocation } = registry.messages();
      const replayWindows = encodeReplayWindows(codec, windows);
      await writeMeshState(codec, options.directory, { enrolments, revocation, replayWindows });
      vitals.well('meshState');
    } catch (error) {
      vitals.trouble('meshState', errorMessage(error));
    }
  };
  let writing = Promise.resolve();
  const save = (): void => {
    writing = writing.then(store);
  };
  mqtt.onConnect(() => {
    mqtt.publish({ topic: topicName(site, node, 'enrolment'), payload: own, qos: 1, retain: true });
  });
  const heardEnrolment = (topic: string, payload: Uint8Array): void => {
    const name = parseTopic(topic)?.node;
    if (name === undefined || payload.length === 0) return;
    const taken = registry.enrol(name, payload);
    if (taken.ok) save();
    else if (taken.reason !== 'stale') vitals.count('meshRefused');
  };
  const heardRevocation = (_topic: string, payload: Uint8Array): void => {
    const taken = registry.revoke(payload);
    if (taken.ok) save();
    else if (taken.reason !== 'stale') vitals.count('meshRefused');
  };
  // A broker that is away is asked at the next connection.
  mqtt.subscribe(revocationTopic(site), heardRevocation).catch(() => {});
  mqtt.subscribe(topicFilter('enrolment', { site }), heardEnrolment).catch(() => {});
  const timer = setInterval(save, WINDOWS_MS);
  return {
    keyring: fleetKeyring(registry, LIMITS.enrolmentsMax),
    close: async () => {
      clearInterval(timer);
      save();
      await writing;
    },
  };
};

const notEnrolled = (name: string, folder: string, reason: string): NodeError => {
  const mend = 'enrol it with "myrmexctl fleet enroll", and copy what that makes';
  return new NodeError('notEnrolled', `${folder} does not enrol ${name} (${reason}): ${mend}`);
};
