import { createRandom, type Random } from '../../kernels/random.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { isWaiting, levelMachines } from '../../protocols/gossip/bridge.ts';
import { createGossip } from '../../protocols/gossip/gossip.ts';
import type { Lane, Part } from '../../protocols/gossip/lanes.ts';
import type { Member } from '../../protocols/gossip/membership.ts';
import type { GossipEffect, GossipOptions, MixingRule } from '../../protocols/gossip/options.ts';
import { GOSSIP, type GossipBody } from '../../protocols/messages/gossip.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { squaredDistance } from '../../protocols/robust/distance.ts';
import { TrustingDefence } from '../../protocols/robust/trusting.ts';
import { breakBridge, breakMachine } from './canary.ts';
import { drawn } from './drawn.ts';
import { EventQueue } from './event-queue.ts';
import { LiarsTable } from './liars.ts';
import type { MassChecker } from './mass-checker.ts';
import { type MeshNode, reopen } from './mesh-node.ts';
import { type MeshOptions, partsOf } from './mesh-options.ts';
import { Network, type Outage } from './network.ts';
import { indexOf, nameOf, periodOf, ROUND_TIMEOUT_MS, type Seat, seatsOf } from './sites.ts';
import type { TransferChecker } from './transfer-checker.ts';

const LINEAGE = '6d79726d65782121';
const SITE = 'sim';
export const STALENESS_CYCLES = 4;
/** How long a client takes to notice that its broker is gone, ms; without a broker no cycle is begun. */
const NOTICE_MS = 15_000;
/** COSE_Sign1 around a payload: tag, array, protected header, kid, lengths (22) and the Ed25519 signature (64). */
const SIGNATURE_BYTES = 86;

/**
 * A fleet of one site or several on a virtual clock and network. Machines and bytes are those of protocols/; only
 * signatures are left out.
 */
export class MeshWorld {
  readonly options: MeshOptions;
  readonly nodes: readonly MeshNode[];
  readonly queue = new EventQueue();
  readonly periodMs: number;
  readonly refused: Record<string, number> = {};
  bytes = 0;
  messages = 0;
  completeCycles = 0;
  private readonly codec = createCodec();
  private readonly network: Network;
  private readonly outages: readonly Outage[];
  private readonly liars: LiarsTable;
  private readonly random: Random;
  private readonly parts: readonly Part[];
  /** Of each site. */
  private readonly members: Member[][];
  /** The machines of every gateway, that of its own site first. */
  private readonly seats: readonly (readonly MeshNode[])[];
  private checks: { readonly mass: MassChecker; readonly transfers: TransferChecker } | null = null;

  constructor(options: MeshOptions, outages: readonly Outage[]) {
    this.options = options;
    this.outages = outages;
    const { seed } = options;
    const seats = seatsOf(options);
    const gateways = options.sites * options.nodes;
    this.random = createRandom(seed, 'world');
    this.periodMs = periodOf(options);
    const echoMs = 2 * STALENESS_CYCLES * this.periodMs;
    this.network = new Network({ ...options, echoMs }, outages, createRandom(seed, 'network'));
    this.parts = partsOf(options.parameters);
    const lying = drawn(gateways, Math.round(options.liars * gateways), createRandom(seed, 'liars'));
    this.members = Array.from({ length: options.sites }, () => []);
    this.nodes = seats.map((seat, index) => {
      const name = nameOf(index);
      this.members[seat.site]!.push({ name, generation: 1, present: true });
      const writer = createEnvelopeWriter(this.codec, `${SITE}/${name}`, 1);
      const common = { ...seat, index, name, liar: lying.has(seat.gateway), generation: 1, up: true, kept: true };
      const entry = index < gateways ? 'founder' : 'guest';
      const machine = createGossip(this.gossipOptions(index, seat, 1, this.startOf(seat), entry));
      return { ...common, clockMs: 0, machine, writer, seen: null, wakeAt: Number.POSITIVE_INFINITY };
    });
    this.seats = Array.from({ length: gateways }, (_, at) => this.nodes.filter(({ gateway }) => gateway === at));
    this.liars = new LiarsTable(this.nodes, options.attack, createRandom(seed, 'attack'));
  }

  /** Whoever looks on is told of every call; without it nothing is checked. */
  watch(checks: { mass: MassChecker; transfers: TransferChecker }): void {
    this.checks = checks;
  }

  /** Lets every node begin `cycles` cycles, each by a clock of its own, and what they say be said. */
  run(cycles: number, after: (cycle: number) => void): void {
    for (const node of this.nodes) this.act(node, (clock) => this.meet(node, clock));
    for (let cycle = 0; cycle < cycles; cycle++) {
      const start = cycle * this.periodMs;
      for (const node of this.nodes) this.queue.at(start + 40 * this.random.float(), () => this.begin(node));
      this.queue.runUntil(start + this.periodMs - 1);
      after(cycle);
    }
  }

  /** Takes a gateway down; with a disk its state is as of its last call. */
  crash(gateway: number, withDisk: boolean): void {
    for (const node of this.seats[gateway]!) {
      if (!withDisk) this.checks?.mass.departs(node);
      node.up = false;
      node.kept = withDisk;
      this.announce(node);
    }
  }

  /** Brings a gateway back: where it stopped, or in a new life and with the model as it was shipped. */
  revive(gateway: number): void {
    const seats = this.seats[gateway]!.filter(({ up }) => !up);
    for (const node of seats) this.open(node);
    for (const node of seats) this.act(node, (now) => this.meet(node, now));
  }

  private open(node: MeshNode): void {
    const values = new Float64Array(this.options.parameters);
    if (!node.kept) node.generation += 1;
    const entry = node.index === node.gateway ? 'newcomer' : 'guest';
    const options = this.gossipOptions(node.index, node, node.generation, values, entry);
    node.machine = node.kept ? reopen(node, this.codec, options) : createGossip(options);
    node.writer = createEnvelopeWriter(this.codec, `${SITE}/${node.name}`, node.writer.epoch + 1);
    Object.assign(node, { up: true, kept: true, seen: null, wakeAt: Number.POSITIVE_INFINITY });
    this.announce(node);
  }

  /** Sets a gateway's clock on or back. */
  jump(gateway: number, ms: number): void {
    for (const node of this.seats[gateway]!) {
      node.clockMs += ms;
      node.wakeAt = Number.POSITIVE_INFINITY;
      if (node.up) this.act(node, (clock) => node.machine.tick(clock));
    }
  }

  /** θ at the start: a vector that all of a site have in common, and what each gateway has learned. */
  startOf({ gateway }: Seat): Float64Array {
    const { parameters, seed, nodes } = this.options;
    const site = Math.floor(gateway / nodes);
    const common = createRandom(seed, site === 0 ? 'common' : `common-${site}`);
    const own = createRandom(seed, `start-${gateway}`);
    return Float64Array.from({ length: parameters }, () => common.normal() + 0.5 * own.normal());
  }

  private gossipOptions(
    index: number,
    seat: Seat,
    generation: number,
    values: Float64Array,
    entry: GossipOptions['entry'],
  ): GossipOptions {
    const { precision, valuesMax } = this.options;
    return {
      ...{ self: nameOf(index), generation, lineage: LINEAGE, parts: this.parts, values, entry, precision, valuesMax },
      roundTimeoutMs: ROUND_TIMEOUT_MS,
      stalenessCycles: this.options.canary === 'ignoresStaleness' ? 1_000_000 : STALENESS_CYCLES,
      suspectMs: 3 * this.periodMs,
      defence: (lane) => this.ruleOf(index, seat, lane),
    };
  }

  /**
   * The defence, and in front of it the checker that sees what is applied. In place of labelled windows a gateway has
   * what it had learned at the start: its loss is the mean square of the difference.
   */
  private ruleOf(index: number, seat: Seat, lane: Lane): MixingRule {
    const learned = this.startOf(seat).subarray(lane.offset, lane.offset + lane.length);
    const judge = (values: Float64Array): number => squaredDistance(values, learned) / lane.length;
    const rule = this.options.defence === 'none' ? null : createDefence(this.options.defence, judge);
    return {
      admit: (own, peer, value) => {
        this.checks?.transfers.applied(this.nodes[index]!, lane, peer);
        return rule === null ? value : rule.admit(own, peer, value);
      },
      ...(rule instanceof TrustingDefence && {
        welcome: (own: Float64Array, peer: string, value: Float64Array) => rule.welcome(own, peer, value),
        gave: (peer: string, weight: number) => rule.gave(peer, weight),
        counted: (peer: string, weight: number) => {
          const counts = rule.counted(peer, weight);
          this.checks?.mass.discounts(lane, weight - counts);
          return counts;
        },
      }),
      forget: (peer) => rule?.forget(peer),
    };
  }

  private begin(node: MeshNode): void {
    const { now } = this.queue;
    const offline = this.outages.some(
      (each) => each.side === null && now >= each.fromMs + NOTICE_MS && now < each.toMs,
    );
    if (!node.up || offline) return;
    this.act(node, (clock) => [...this.meet(node, clock), ...node.machine.begin(clock)]);
  }

  /** The list of members, if it has changed since the node saw it. */
  private meet(node: MeshNode, clock: number): readonly GossipEffect[] {
    const members = this.members[node.site]!;
    if (node.seen === members) return [];
    node.seen = members;
    return node.machine.members(members, clock);
  }

  /** One call of a machine: what it wants done is done, and its next tick is noted. */
  private act(node: MeshNode, call: (clock: number) => readonly GossipEffect[]): void {
    const act = (): readonly GossipEffect[] => call(this.queue.now + node.clockMs);
    const effects = this.checks === null ? act() : this.checks.mass.around(node, act);
    this.level(node, effects);
    for (const effect of effects) {
      if (effect.kind === 'send') this.send(node, effect.to, effect.body);
      else if (effect.kind === 'refused') this.refused[effect.reason] = (this.refused[effect.reason] ?? 0) + 1;
      else if (effect.kind === 'mixed' && effect.complete) this.completeCycles += 1;
    }
    const wakeAt = node.machine.wakeAt - node.clockMs;
    if (wakeAt >= node.wakeAt || wakeAt === Number.POSITIVE_INFINITY) return;
    node.wakeAt = wakeAt;
    this.queue.at(wakeAt, () => this.wake(node, wakeAt));
  }

  /** What a bridge does after each call of one of its machines. */
  private level({ gateway }: MeshNode, effects: readonly GossipEffect[]): void {
    const machines = this.seats[gateway]!.map(({ machine }) => machine);
    if (machines.length < 2 || !(isWaiting(machines) || effects.some(({ kind }) => kind === 'mixed'))) return;
    levelMachines(machines);
    if (this.options.canary !== null) breakBridge(machines, this.options.canary);
  }

  private wake(node: MeshNode, at: number): void {
    if (node.wakeAt !== at) return;
    node.wakeAt = Number.POSITIVE_INFINITY;
    if (node.up) this.act(node, (clock) => node.machine.tick(clock));
  }

  private send(node: MeshNode, to: string, honest: GossipBody): void {
    const body = node.liar ? this.liars.falsify(node, honest, Math.floor(this.queue.now / this.periodMs)) : honest;
    const payload = node.writer.write(GOSSIP, body, this.queue.now);
    this.messages += 1;
    this.bytes += payload.length + SIGNATURE_BYTES + `mx/1/${SITE}/${node.name}/gossip/${to}`.length;
    const target = this.nodes[indexOf(to)]!;
    for (const delay of this.network.delays(node.index, target.index, this.queue.now)) {
      this.queue.at(this.queue.now + delay, () => this.deliver(node.name, target, payload));
    }
  }

  private deliver(from: string, target: MeshNode, payload: Uint8Array): void {
    if (!target.up) return;
    const opened = openEnvelope(this.codec, GOSSIP, payload);
    if (!opened.ok) throw new Error(`a message of ours does not open: ${opened.reason}`);
    const { body } = opened.value;
    this.act(target, (clock) => {
      const { cycle } = target.machine;
      const effects = target.machine.receive(from, body, clock);
      this.checks?.transfers.received(target, cycle, body, effects);
      return effects;
    });
    if (this.options.canary !== null) breakMachine(target.machine, this.options.canary, from);
  }

  private announce({ site, name, generation, up: present }: MeshNode): void {
    const member = { name, generation, present };
    this.members[site] = this.members[site]!.map((each) => (each.name === name ? member : each));
  }
}
