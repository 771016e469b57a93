// A node of a mesh without its model: the real desk, connections, key and files around numbers that a test moves.
import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bridge } from '../../firmware/configuration/bridges.ts';
import type { Mesh } from '../../firmware/configuration/mesh.ts';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { systemClock } from '../../firmware/io/clock.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import type { Share } from '../../firmware/io/share.ts';
import { createPresence } from '../../firmware/machines/presence.ts';
import { openBridges } from '../../firmware/mesh/bridges.ts';
import { ownIdentity } from '../../firmware/mesh/ground.ts';
import { nextLife } from '../../firmware/mesh/life.ts';
import { createVitals, type Vitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';

export const MESH_LINEAGE = '0123456789abcdef';
const SIZE = 2;
const parts = [{ offset: 0, length: SIZE }];

/** Parameters that a test moves, and waits for others to move. */
export class Learner {
  theta = new Float64Array(SIZE);
  private readonly waiting = new Set<() => void>();
  readonly share: Share = {
    ...{ size: SIZE, parts, lineage: MESH_LINEAGE },
    read: async () => this.theta.slice(),
    add: async (delta) => this.learn(...delta),
    judge: async () => 0,
    own: async () => ({ values: new Float64Array(SIZE), labels: 0, giver: 0 }),
    give: async () => {},
  };

  learn(...delta: number[]): void {
    this.theta = this.theta.map((value, i) => value + delta[i]!);
    for (const look of this.waiting) look();
  }

  /** Resolves once the parameters are such. */
  reaches(isThere: (theta: Float64Array) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isThere(this.theta)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }
}

export interface MeshNodeOptions {
  readonly site: string;
  readonly node: string;
  readonly endpoint: BrokerEndpoint;
  readonly directory: string;
  readonly bridges: readonly Bridge[];
  readonly fleet?: string;
}

export interface OpenMeshNode {
  readonly vitals: Vitals;
  /** Before `close`, of a stop in good order. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one on a broker. Cycles come soon, and newcomers among themselves find out within two seconds. */
export const openMeshNode = async (options: MeshNodeOptions, share: Share): Promise<OpenMeshNode> => {
  const { site, node, endpoint, directory, bridges, fleet } = options;
  mkdirSync(directory, { recursive: true });
  const boots = join(directory, 'boots');
  appendFileSync(boots, '.');
  const codec = createCodec();
  const clock = systemClock();
  const vitals = createVitals(() => {});
  const writer = createEnvelopeWriter(codec, `${site}/${node}`, statSync(boots).size);
  const configuration: Mesh = {
    ...{ everySeconds: 0.1, answerSeconds: 0.05, defence: 'none' },
    ...(fleet === undefined ? {} : { fleet }),
  };
  const { publicKey } = await ownIdentity(configuration, directory);
  const life = await nextLife({ codec, directory, lineage: MESH_LINEAGE, kid: publicKey.kid, unixMs: clock.unixMs() });
  const facts = { version: '0' };
  const key = fleet === undefined ? { key: publicKey.bytes } : {};
  const mesh = { lineage: MESH_LINEAGE, generation: life.generation, ...key };
  const presence = createPresence({ site, node, writer, about: { ...facts, mesh } });
  const mqtt = connectMqtt({ ...endpoint, clientId: `${site}-${node}`, will: presence.will(0) });
  mqtt.onConnect(() => mqtt.publish(presence.online(0)));
  const about = {
    site,
    node,
    codec,
    writer,
    mqtt,
    clock,
    directory,
    life,
    configuration,
    vitals,
    facts,
    notice: () => {},
  };
  const desk = await openBridges({ ...about, share: () => share }, share, bridges).catch(async (error: unknown) => {
    await mqtt.close();
    throw error;
  });
  return {
    vitals,
    handOver: desk.handOver,
    close: async () => {
      await desk.close();
      mqtt.publish(presence.offline(0));
      await mqtt.close();
    },
  };
};
