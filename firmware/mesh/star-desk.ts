import { type AgentState, CoordinatedAgent } from '../../protocols/coordinator/agent.ts';
import type { CommonAdapter, Update } from '../../protocols/coordinator/contract.ts';
import { Coordinator } from '../../protocols/coordinator/coordinator.ts';
import { createValueCodec } from '../../protocols/coordinator/value-codec.ts';
import type { Envelope } from '../../protocols/envelope.ts';
import { LIMITS } from '../../protocols/limits.ts';
import type { MessageType } from '../../protocols/message.ts';
import { ADAPTER, adapterBody, adapterOf } from '../../protocols/messages/adapter.ts';
import { UPDATE, updateBody, updateOf } from '../../protocols/messages/update.ts';
import { combineBatch } from '../../protocols/robust/batch.ts';
import { parseTopic, topicFilter, topicName } from '../../protocols/topics.ts';
import { errorMessage } from '../errors.ts';
import type { Share } from '../io/share.ts';
import { openStarFiles, type StarFiles } from '../io/star-files.ts';
import { type MeshOptions, openGround } from './ground.ts';
import { Missed } from './missed.ts';
import { StarAgent } from './star-agent.ts';
import { RECALL_MS_MAX, StarCentre } from './star-centre.ts';
import { type StarSettings, starSettings } from './star-settings.ts';
import { createTurns } from './turns.ts';

/** Messages that wait for the compute worker: what all agents have retained comes at once. */
const WAITING_MAX = 2 * LIMITS.agentsMax;
const TICK_MS_MAX = 1_000;

export interface StarDesk {
  /** Before the compute worker ends: what was learned and lies nowhere else goes to the coordinator. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The node's part in a star: messages become steps of the agent's machine and, at the coordinator, of its own, whose
 * first agent is the node itself. Everything that touches either waits for the compute worker, one piece at a time.
 *
 * @param coordinator its name; this node's own makes it the coordinator
 * @throws NodeError `shareTooLarge`, `starState`, those of `openGround`
 */
export const openStar = async (options: MeshOptions, share: Share, coordinator: string): Promise<StarDesk> => {
  const { site, node, mqtt, vitals } = options;
  const settings = starSettings(options.configuration, coordinator, share);
  const files = openStarFiles(options.directory, share, options.codec);
  const ground = await openGround(options, share, false, () => {});
  const missed = new Missed(LIMITS.agentsMax);
  const adapters = topicName(site, coordinator, 'adapter');
  const updates = topicFilter('update', { site });

  const tell = (update: Update): void => {
    vitals.count('starSaid');
    if (centre !== null) centre.heard(node, update);
    else ground.say(UPDATE, topicName(site, node, 'update'), updateBody(update), true);
  };
  const adopt = async (adapter: CommonAdapter): Promise<void> => {
    await agent.heard(adapter);
    vitals.set('starVersion', agent.version);
  };
  const publish = async (adapter: CommonAdapter): Promise<void> => {
    ground.say(ADAPTER, adapters, adapterBody(adapter), true);
    await adopt(adapter);
  };
  const parts = { options, settings, files, share };
  const agent = await openAgent(parts, tell);
  const centre = coordinator === node ? await openCentre(parts, publish) : null;

  const turns = createTurns(WAITING_MAX, (error) => {
    vitals.trouble('star', `the star is held up: ${errorMessage(error)}`);
  });
  const take = (work: () => Promise<void> | void): void => {
    const done = turns.take(async () => {
      await work();
      vitals.well('star');
    });
    if (!done) vitals.count('meshDropped');
  };
  /** Both kinds are retained: whose key is not known yet is heard again once it is. */
  const admit = <Body>(type: MessageType<Body>, topic: string, payload: Uint8Array): Envelope<Body> | null => {
    const sender = parseTopic(topic)?.node ?? '';
    if (!ground.knows(sender)) missed.note(sender);
    return ground.admit(type, topic, payload);
  };
  const heardUpdate = (topic: string, payload: Uint8Array): void => {
    const message = admit(UPDATE, topic, payload);
    if (message !== null) take(() => centre?.heard(message.sender.slice(site.length + 1), updateOf(message.body)));
  };
  const heardAdapter = (topic: string, payload: Uint8Array): void => {
    if (centre !== null) {
      const body = ground.recall(ADAPTER, payload);
      if (body !== null) take(() => centre.recalled(adapterOf(body)));
      return;
    }
    const message = admit(ADAPTER, topic, payload);
    if (message !== null) take(() => adopt(adapterOf(message.body)));
  };
  const listen = (): void => {
    // A broker that is away is asked at the next connection.
    mqtt.subscribe(adapters, heardAdapter).catch(() => {});
    if (centre !== null) mqtt.subscribe(updates, heardUpdate).catch(() => {});
  };
  let isTicking = false;
  const tick = (): void => {
    if (missed.isWorthAsking(ground.knows)) listen();
    if (isTicking) return;
    isTicking = true;
    take(async () => {
      isTicking = false;
      await agent.tick();
      await centre?.tick();
    });
  };
  listen();
  mqtt.onConnect(() => {
    agent.connected();
    centre?.connected(Math.min(settings.periodMs, RECALL_MS_MAX));
  });
  const timer = setInterval(tick, Math.min(settings.periodMs / 2, TICK_MS_MAX));
  return {
    handOver: async () => {
      clearInterval(timer);
      take(() => agent.handOver());
      await turns.settled();
    },
    close: async () => {
      clearInterval(timer);
      await turns.settled();
      await ground.close();
    },
  };
};

interface StarParts {
  readonly options: MeshOptions;
  readonly settings: StarSettings;
  readonly files: StarFiles;
  /** Of the first compute worker. */
  readonly share: Share;
}

const openAgent = async (parts: StarParts, tell: (update: Update) => void): Promise<StarAgent> => {
  const { options, settings, files, share } = parts;
  const { size, lineage, parts: layout } = share;
  const machine = { ...settings, name: options.node, lineage, size, codec: createValueCodec(size, layout) };
  const ports = {
    open: (state: AgentState) => new CoordinatedAgent(machine, state),
    ...{ share: options.share, save: files.saveAgent, tell, now: options.clock.monotonicMs, newLife: files.newLife },
  };
  return new StarAgent(ports, await files.loadAgent(), await share.own());
};

const openCentre = async (
  { options, settings, files, share }: StarParts,
  publish: (adapter: CommonAdapter) => Promise<void>,
): Promise<StarCentre> => {
  const { size, lineage, parts: layout } = share;
  const coordinator = new Coordinator(
    {
      ...settings,
      ...{ lineage, size, codec: createValueCodec(size, layout), agentsMax: LIMITS.agentsMax },
      combine: (increments) => combineBatch(settings.defence, increments),
    },
    (await files.loadCoordinator()) ?? undefined,
  );
  const { vitals, clock } = options;
  return new StarCentre({
    ...{ coordinator, publish, vitals, now: clock.monotonicMs },
    ...{ share: options.share, save: files.saveCoordinator },
  });
};
