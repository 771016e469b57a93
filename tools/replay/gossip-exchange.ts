import type { SharedParameters } from '../../firmware/pipeline.ts';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1, KID_BYTES, SIGNATURE_BYTES } from '../../protocols/cose/sign1.ts';
import { createEnvelopeWriter, type EnvelopeWriter } from '../../protocols/envelope.ts';
import { createGossip, type Gossip } from '../../protocols/gossip/gossip.ts';
import type { Lane } from '../../protocols/gossip/lanes.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import { GOSSIP, type GossipBody } from '../../protocols/messages/gossip.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import type { DefenceName } from '../../protocols/robust/defence.ts';
import type { Exchange } from './exchange.ts';
import type { Liars } from './liars.ts';

/** Of names that are sent: sites and nodes of a recording may be called anything. */
const SITE = 'replay';
/** A cycle takes no time between two windows; a window is as good a measure of it as another. */
const WINDOW_MS = 1000;

export interface GossipExchangeOptions {
  /** In the recording's order. */
  readonly members: readonly SharedParameters[];
  /** Windows of each node between two cycles. */
  readonly every: number;
  readonly defence: DefenceName;
  readonly liars: Liars | null;
}

/** What was sent, in bytes as a broker gets them: topic and signed message. */
export interface GossipCounts {
  cycles: number;
  messages: number;
  bytes: number;
  messageBytesMax: number;
  /** Messages that a machine would not take. */
  refused: number;
}

/**
 * The shared parameters of all nodes, averaged by the nodes' own machines over a network that delivers at once and
 * loses nothing: after every so many windows one cycle of gossip.
 */
export class GossipExchange implements Exchange {
  readonly counts: GossipCounts = { cycles: 0, messages: 0, bytes: 0, messageBytesMax: 0, refused: 0 };
  readonly every: number;
  readonly defence: DefenceName;
  /** Nodes. */
  readonly size: number;
  private readonly nodes: readonly Participant[];
  private readonly places: ReadonlyMap<string, Participant>;
  private present: readonly Participant[] = [];
  private ticks = 0;

  constructor(private readonly options: GossipExchangeOptions) {
    this.every = options.every;
    this.defence = options.defence;
    this.size = options.members.length;
    this.nodes = options.members.map((shared, at) => new Participant(shared, at, options.defence));
    this.places = new Map(this.nodes.map((node) => [node.name, node]));
  }

  tick(present: readonly number[]): void {
    this.ticks++;
    if (this.ticks % this.every !== 0 || present.length < 2) return;
    const now = this.ticks * WINDOW_MS;
    const nodes = present.map((at) => this.nodes[at]!);
    if (nodes.length !== this.present.length) this.meet(nodes, now);
    for (const node of nodes) node.tellOwn();
    this.options.liars?.look(nodes.map(({ at, value }) => ({ at, value })));
    for (const node of nodes) this.deliver(node, node.gossip.begin(now), now);
    for (const node of nodes) node.takeMixed();
    this.counts.cycles++;
  }

  /** Whose recording has ended is a member no more. */
  private meet(nodes: readonly Participant[], now: number): void {
    this.present = nodes;
    const members = nodes.map(({ name }) => ({ name, generation: 1, present: true }));
    const told = nodes.map((node) => ({ node, effects: node.gossip.members(members, now) }));
    for (const { node, effects } of told) this.deliver(node, effects, now);
  }

  private deliver(from: Participant, effects: readonly GossipEffect[], now: number): void {
    for (const effect of effects) {
      if (effect.kind === 'refused') this.counts.refused++;
      if (effect.kind !== 'send') continue;
      const body = this.options.liars?.say(from.at, from.value, effect.body) ?? effect.body;
      this.count(from.bytesOf(effect.to, body, now));
      const to = this.places.get(effect.to)!;
      // Its recording has ended.
      if (!this.present.includes(to)) continue;
      this.deliver(to, to.gossip.receive(from.name, body, now), now);
    }
  }

  private count(bytes: number): void {
    this.counts.messages++;
    this.counts.bytes += bytes;
    this.counts.messageBytesMax = Math.max(this.counts.messageBytesMax, bytes);
  }
}

/** One node's machine, and what it shares. */
class Participant {
  readonly name: string;
  readonly gossip: Gossip;
  /** θ as this node has it. */
  readonly value: Float64Array;
  /** θ as it was after the last mixing. */
  private readonly mixed: Float64Array;
  private readonly judged: Float64Array;
  private readonly writer: EnvelopeWriter;

  constructor(
    private readonly shared: SharedParameters,
    readonly at: number,
    defence: DefenceName,
  ) {
    // As long as a usual name, and in the recording's order.
    this.name = `gateway-${String(at).padStart(4, '0')}`;
    this.value = new Float64Array(shared.size);
    this.mixed = new Float64Array(shared.size);
    this.judged = new Float64Array(shared.size);
    shared.read(this.mixed);
    this.gossip = createGossip({
      ...{ self: this.name, generation: 1, lineage: shared.lineage, parts: shared.parts, values: this.mixed },
      entry: 'founder',
      defence: (lane) => createDefence(defence, (values) => this.judge(lane, values)),
    });
    this.writer = createEnvelopeWriter(createCodec(), `${SITE}/${this.name}`, 1);
  }

  /** θ with one lane of another's, on windows of this node. */
  private judge({ offset }: Lane, values: Float64Array): number {
    this.shared.read(this.judged);
    this.judged.set(values, offset);
    return this.shared.judge(this.judged);
  }

  /** What was learned since the last mixing goes to the machine. */
  tellOwn(): void {
    this.shared.read(this.value);
    this.gossip.moved(this.value.map((value, i) => value - this.mixed[i]!));
  }

  takeMixed(): void {
    this.gossip.estimate(this.value);
    this.shared.write(this.value);
    this.shared.read(this.mixed);
  }

  /** Signed, with its topic; what the signature says does not change its length. */
  bytesOf(to: string, body: GossipBody, now: number): number {
    const envelope = this.writer.write(GOSSIP, body, now);
    const signed = encodeSign1(envelope, new Uint8Array(KID_BYTES), () => new Uint8Array(SIGNATURE_BYTES));
    return signed.length + `mx/1/${SITE}/${this.name}/gossip/${to}`.length;
  }
}
