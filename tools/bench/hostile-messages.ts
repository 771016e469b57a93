// What the attacker of `npm run bench:hostile` says: five kinds in turn, made ahead so that sending costs it little.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1, readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope, readEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { ASIDE, ASK, GOSSIP, type GossipFields, readGossip, writeGossip } from '../../protocols/messages/gossip.ts';
import { PRESENCE } from '../../protocols/messages/presence.ts';
import { gossipTopic, topicName } from '../../protocols/topics.ts';

/** `wrong`: signed by a member, new, well-formed, and poison. The others never pass a door that holds. */
export const HOSTILE_KINDS = ['forged', 'replayed', 'garbage', 'unknown', 'wrong'] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

export interface Hostile {
  readonly topic: string;
  readonly payload: Uint8Array;
}

const GRAINS = 2 ** 22;
const GARBAGE_BYTES_MAX = 900;
const STRANGERS = 1_000;
/** Of one member, signed ahead; then they come again as repeats. */
const SOUND_MAX = 1_000;

const codec = createCodec();

/** A member with a key of its own, that the victim believes to be one of the mesh. */
export class Liar {
  private readonly keys = generateKeyPairSync('ed25519');
  private readonly publicKey = new Uint8Array(
    Buffer.from(this.keys.publicKey.export({ format: 'jwk' }).x!, 'base64url'),
  );
  private readonly kid = createHash('sha256').update(this.publicKey).digest().subarray(0, 8);
  private sequence = 0;
  private transfer = 0;

  constructor(
    readonly site: string,
    readonly name: string,
    readonly victim: string,
  ) {}

  /** To be retained; makes the victim list it. */
  presence(lineage: string): Hostile {
    const mesh = { lineage, generation: 1, key: this.publicKey };
    const payload = sealEnvelope(codec, PRESENCE, this.from(), { state: 'online', version: '0.1.0', mesh });
    return { topic: topicName(this.site, this.name, 'presence'), payload };
  }

  /** That it has nothing either: a victim that is new gives its own values a say when everybody tells it so. */
  ask(heard: GossipFields): Hostile {
    const nothing = { base: 0, upTo: 0, grains: 0, scales: new Uint8Array(0), values: new Uint8Array(0) };
    const payload = this.say(heard, { ...nothing, round: ASK });
    return { topic: gossipTopic(this.site, this.name, this.victim), payload };
  }

  /** One window's worth of every kind; replays are of the sound ones. */
  prepare(template: GossipFields, cycle: number): Record<HostileKind, readonly Hostile[]> {
    const topic = gossipTopic(this.site, this.name, this.victim);
    const wrong = Array.from({ length: SOUND_MAX }, () => ({ topic, payload: this.poison(template, cycle) }));
    const forged = wrong.map(({ payload }) => ({
      topic,
      payload: Uint8Array.from(payload).fill(0, payload.length - 8),
    }));
    const garbage = wrong.map((_, at) => ({ topic, payload: randomBytes(1 + ((at * 7) % GARBAGE_BYTES_MAX)) }));
    const unknown = wrong.map(({ payload }, at) => ({
      topic: gossipTopic(this.site, `nobody-${at % STRANGERS}`, this.victim),
      payload,
    }));
    return { forged, replayed: wrong, garbage, unknown, wrong };
  }

  /** New mass of the largest values there are, outside of any round, as a peer that came late would send it. */
  private poison(template: GossipFields, cycle: number): Uint8Array {
    const base = this.transfer++;
    const values = template.values.map((_, at) => (at % 2 === 0 ? 127 : 129));
    return this.say(template, { cycle, round: ASIDE, base, upTo: base + 1, grains: GRAINS, values });
  }

  /** @param heard from the victim */
  private say(heard: GossipFields, fields: Partial<GossipFields>): Uint8Array {
    const lives = { generation: 1, incarnation: 0, peerGeneration: heard.generation };
    const body = writeGossip({ ...heard, ...lives, acknowledged: 0, rumours: [], ...fields });
    const content = sealEnvelope(codec, GOSSIP, this.from(), body);
    return encodeSign1(content, this.kid, (bytes) => sign(null, bytes, this.keys.privateKey));
  }

  private from() {
    return { sender: `${this.site}/${this.name}`, epoch: 1, sequence: this.sequence++, time: 1.8e12 };
  }
}

/** What a gossip message says; null when it is none. */
export const fieldsOf = (payload: Uint8Array): GossipFields | null => {
  const signed = readSign1(payload);
  const opened = signed.ok ? openEnvelope(codec, GOSSIP, signed.value.payload) : null;
  return opened?.ok ? readGossip(opened.value.body) : null;
};

/** The lineage of a node that shares; null when its presence tells of none. */
export const lineageOf = (payload: Uint8Array): string | null => {
  const opened = openEnvelope(codec, PRESENCE, payload);
  return opened.ok ? (opened.value.body.mesh?.lineage ?? null) : null;
};

/** `sample-to-decision` of a published decision, µs; null for anything else. */
export const latencyOf = (payload: Uint8Array): number | null => {
  const envelope = readEnvelope(codec, payload);
  return envelope.ok ? ((envelope.value.body as { latencyUs?: number }).latencyUs ?? null) : null;
};
