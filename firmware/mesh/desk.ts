import { createGossip, restoreGossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect, GossipOptions } from '../../protocols/gossip/options.ts';
import { GOSSIP } from '../../protocols/messages/gossip.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { gossipFilter, gossipTopic } from '../../protocols/topics.ts';
import { MESH_DEFAULTS } from '../configuration/mesh.ts';
import { errorMessage } from '../errors.ts';
import { leaveMeshRest } from '../io/mesh-rest.ts';
import type { Share } from '../io/share.ts';
import { type Ground, type MeshOptions, openGround } from './ground.ts';
import { Guards } from './guards.ts';
import { Guest } from './guest.ts';
import { LossBook } from './loss-book.ts';
import { Mixer, type Mixing } from './mixer.ts';
import { openDiscretion } from './privacy.ts';
import { Seats } from './seats.ts';
import { createTurns, type Turns } from './turns.ts';

/** Messages that wait for the compute worker. */
const WAITING_MAX = 64;
const TICK_MS = 100;
/** How long silence must last before a peer is thought gone: at least so long, and three cycles. */
const SUSPECT_MS_MIN = 30_000;

export interface MeshDesk {
  /** What the machines of a bridge have in common: they are levelled, and wait for one worker. */
  readonly seats: Seats;
  readonly turns: Turns;
  readonly mixer: Mixing;
  /** Says and hears nothing more, and leaves on disk what the next life goes on with. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The node's part in the mesh: messages become steps of the gossip machine, and its effects messages. Everything that
 * touches θ waits for the compute worker, one piece after the other.
 *
 * @param home the part in the mesh of the own site, when this one is a bridge's in a further site
 * @throws NodeError of `openGround`
 */
export const openMesh = async (options: MeshOptions, share: Share, home: MeshDesk | null = null): Promise<MeshDesk> => {
  const { site, node, configuration, mqtt, clock, vitals } = options;
  const {
    everySeconds = MESH_DEFAULTS.everySeconds,
    answerSeconds = MESH_DEFAULTS.answerSeconds,
    defence = MESH_DEFAULTS.defence,
  } = configuration;
  const everyMs = everySeconds * 1_000;
  const { lineage, parts } = share;
  const values = await share.read();
  const losses = new LossBook();
  const guards = new Guards(() => createDefence(defence, losses.judge));
  const { generation, rest } = options.life;
  const settings: GossipOptions = {
    ...{ self: node, generation, lineage, parts, values: values.slice() },
    entry: home === null ? 'newcomer' : 'guest',
    roundTimeoutMs: answerSeconds * 1_000,
    cycleMsMin: everyMs / 2,
    suspectMs: Math.max(SUSPECT_MS_MIN, 3 * everyMs),
    defence: guards.ofLane,
  };
  const restored = rest === null ? null : restoreGossip(settings, rest.gossip);
  // Mass that cannot be read is lost, and a life ends with it.
  const gossip = restored ?? createGossip({ ...settings, generation: generation + (rest === null ? 0 : 1) });
  guards.restore(rest?.standings ?? []);
  const seats = home?.seats ?? new Seats();
  seats.add(gossip);
  const mixed = { gossip, seats, share: options.share, losses, now: clock.monotonicMs };
  const { codec, directory } = options;
  const { privacy } = configuration;
  const mixer: Mixing =
    home === null
      ? new Mixer({ ...mixed, discretion: await openDiscretion({ privacy, codec, directory, vitals }) }, share, values)
      : new Guest(mixed, home.mixer);
  if (restored !== null) await mixer.show();
  const turns =
    home?.turns ??
    createTurns(WAITING_MAX, (error) => {
      vitals.trouble('mesh', `the mesh is held up: ${errorMessage(error)}`);
    });
  let isOver = false;
  const take = (work: () => Promise<readonly GossipEffect[]>): void => {
    if (isOver) return;
    const done = turns.take(async () => {
      const effects = await work();
      for (const effect of effects) perform(effect);
      vitals.well('mesh');
    });
    if (!done) vitals.count('meshDropped');
  };
  const ground: Ground = await openGround(options, share, true, (members) => {
    take(async () => gossip.members(members.all, clock.monotonicMs()));
  });
  const perform = (effect: GossipEffect): void => {
    if (effect.kind === 'send') ground.say(GOSSIP, gossipTopic(site, node, effect.to), effect.body, false);
    else if (effect.kind === 'refused') {
      vitals.count('meshUnmixed');
      guards.refused(effect.peer, effect.reason);
    } else if (effect.kind === 'mixed') {
      if (effect.complete) vitals.count('meshCycles');
      vitals.set('meshQuarantined', guards.quarantined);
    } else {
      ground.suspect(effect.name, effect.state !== 'alive');
      if (effect.state !== 'alive') vitals.count('meshSuspicions');
    }
  };
  const heard = (topic: string, payload: Uint8Array): void => {
    const message = ground.admit(GOSSIP, topic, payload);
    if (message !== null) take(() => mixer.receive(message.sender.slice(site.length + 1), message.body));
  };
  mqtt.subscribe(gossipFilter(site, { peer: node }), heard).catch(() => {});

  let { cycle } = gossip;
  let beginAt = clock.monotonicMs() + everyMs;
  const tick = (): void => {
    const now = clock.monotonicMs();
    if (gossip.cycle !== cycle) {
      // Another's cycle was as good as one of our own.
      cycle = gossip.cycle;
      beginAt = now + everyMs;
      vitals.set('meshCycle', cycle);
    }
    if (now >= beginAt) {
      beginAt = now + everyMs;
      take(() => mixer.begin());
    } else if (now >= gossip.wakeAt) take(() => mixer.tick());
  };
  const timer = setInterval(tick, TICK_MS);
  const leave = async (): Promise<void> => {
    await mixer.settle();
    const left = { gossip: gossip.save(), standings: guards.save() };
    await leaveMeshRest(codec, directory, lineage, left);
  };
  return {
    ...{ seats, turns, mixer },
    handOver: async () => {
      isOver = true;
      clearInterval(timer);
      // With too much waiting it comes back as a newcomer.
      turns.take(leave);
      await turns.settled();
    },
    close: async () => {
      clearInterval(timer);
      await turns.settled();
      await ground.close();
    },
  };
};
