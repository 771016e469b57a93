import { join } from 'node:path';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import type { Clock } from '../../firmware/io/clock.ts';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import type { Share } from '../../firmware/io/share.ts';
import { createPresence } from '../../firmware/machines/presence.ts';
import { openGround, ownIdentity } from '../../firmware/mesh/ground.ts';
import { createVitals, type Vitals } from '../../firmware/vitals.ts';
import { clientIdOf } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import type { TestFleet } from './fleet.ts';

export const TREE_SITE = 'plant';
const LINEAGE = '0123456789abcdef';
const FASTER = 8;
/** Before a test says that something was never counted. */
const LATE_MS = 20_000;

/** Time that passes eight times as fast: a member that is dead is missed after 3 s. */
export const fastClock = (): Clock => ({
  monotonicMs: () => FASTER * performance.now(),
  unixMs: () => Date.now(),
});

/** A node of a mesh as far as trees go: the real ground, connection, key and files, and no model. */
export interface TreeNode {
  readonly name: string;
  readonly directory: string;
  readonly mqtt: MqttPort;
  readonly vitals: Vitals;
  readonly notices: readonly string[];
  /** Resolves once a counter or gauge is at least so high; rejects when it never is. */
  counted(name: string, least: number): Promise<void>;
  close(): Promise<void>;
}

export interface TreeNodeOptions {
  readonly name: string;
  readonly endpoint: BrokerEndpoint;
  /** Of its state; a second life has that of the first. */
  readonly directory: string;
  /** Null in an open mesh. */
  readonly fleet: TestFleet | null;
  /** Of its life: higher than those before. */
  readonly epoch: number;
}

/** Joins, and resolves when it hears what is given to it. */
export const openTreeNode = async (options: TreeNodeOptions): Promise<TreeNode> => {
  const { name, endpoint, directory, fleet, epoch } = options;
  const [codec, clock] = [createCodec(), fastClock()];
  const configuration = fleet === null ? {} : { fleet: join(fleet.files(name).rootFile, '..') };
  const { publicKey } = await ownIdentity(configuration, directory);
  const writer = createEnvelopeWriter(codec, `${TREE_SITE}/${name}`, epoch);
  const mesh = { lineage: LINEAGE, generation: epoch, ...(fleet === null ? { key: publicKey.bytes } : {}) };
  const presence = createPresence({ site: TREE_SITE, node: name, writer, about: { version: '0', mesh } });
  const mqtt = connectMqtt({ ...endpoint, clientId: clientIdOf(TREE_SITE, name), will: presence.will(0) });
  const notices: string[] = [];
  const { vitals, counted } = watchedVitals();
  await mqtt.ready(10_000);
  const share = { lineage: LINEAGE } as Share;
  const ground = await openGround(
    {
      ...{ site: TREE_SITE, node: name, configuration, codec, writer, mqtt, clock, vitals, directory },
      ...{ notice: (text) => void notices.push(text), share: () => null, life: { generation: epoch, rest: null } },
    },
    share,
    true,
    () => {},
  );
  // Subscriptions are confirmed in their order: this one after all of those of the ground.
  await mqtt.subscribe(`mx/1/${TREE_SITE}/${name}/label`, () => {});
  mqtt.publish(presence.online(0));
  const close = async (): Promise<void> => {
    await ground.close();
    await mqtt.close();
  };
  return { name, directory, mqtt, vitals, notices, counted, close };
};

const watchedVitals = () => {
  const vitals = createVitals(() => {});
  const waiting = new Set<() => void>();
  const told = (): void => {
    for (const look of waiting) look();
  };
  const count: Vitals['count'] = (name, by) => {
    vitals.count(name, by);
    told();
  };
  const set: Vitals['set'] = (name, value) => {
    vitals.set(name, value);
    told();
  };
  const counted = (name: string, least: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${name} ${least}: ${JSON.stringify(vitals.counters)}`)), LATE_MS);
      const look = (): void => {
        if ((vitals.counters[name] ?? 0) < least) return;
        waiting.delete(look);
        clearTimeout(late);
        resolve();
      };
      waiting.add(look);
      look();
    });
  // By prototype, as the getters must stay those of the original.
  return { vitals: Object.assign(Object.create(vitals) as Vitals, { count, set }), counted };
};
