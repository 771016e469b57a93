import { type Codec, createCodec } from '../../protocols/codec.ts';
import { bytesOf, type GoldenMessage } from '../support/golden-messages.ts';
import { type Signer, signerOf } from '../support/signed.ts';
import { type Draw, INTERESTING } from './draw.ts';

/** A hostile message, and whether a door may let it in: only what its sender signed, and said below its own name. */
export interface MessageMutant {
  readonly what: string;
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly mayPass: boolean;
}

type Mutation = (message: GoldenMessage, draw: Draw) => MessageMutant;

const codec: Codec = createCodec();
const signers = new Map<string, Signer>();

/** Made once: a key costs as much as a signature. */
export const signerNamed = (sender: string): Signer => {
  const known = signers.get(sender) ?? signerOf(sender);
  signers.set(sender, known);
  return known;
};

/** One message that is wrong somewhere, often in a single place, so that it comes far before anyone sees it. */
export function mutateMessage(message: GoldenMessage, draw: Draw): MessageMutant {
  return draw.of(MUTATIONS)(message, draw);
}

const topicOf = (sender: string): string => `mx/1/${sender}/gossip/press-8`;
const sealed = (message: GoldenMessage, payload = bytesOf(message)): Uint8Array =>
  signerNamed(message.sender).seal(payload);
const originals = new Map<GoldenMessage, Uint8Array>();
/** As it was before anyone touched it. */
const original = (message: GoldenMessage): Uint8Array => {
  const known = originals.get(message) ?? sealed(message);
  originals.set(message, known);
  return known;
};
const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other);

/** Bytes changed on the way: the signature, its frame, or what is in it. */
const carried: Mutation = (message, draw) => {
  const before = original(message);
  const bytes = mutateBytes(before, draw);
  return { what: 'changed on its way', topic: topicOf(message.sender), bytes, mayPass: isSame(bytes, before) };
};

/** The sender itself writes rubbish, and signs it. */
const written: Mutation = (message, draw) => ({
  what: 'rubbish, signed',
  topic: topicOf(message.sender),
  bytes: sealed(message, mutateBytes(bytesOf(message), draw)),
  mayPass: true,
});

/** Places in an envelope. */
const [TIME, BODY] = [5, 6];

/** The content of a message with one place of its body changed. */
export function mutateBody(message: GoldenMessage, draw: Draw): unknown {
  const decoded = codec.decode(bytesOf(message));
  const content = (decoded.ok ? decoded.value : []) as unknown[];
  // As it is written: cbor-x would make a float64 of the number.
  const time = BigInt(content[TIME] as number);
  return content.with(TIME, time).with(BODY, mutateValue(content[BODY], draw));
}

/** The sender writes sound CBOR that says something else. */
const lied: Mutation = (message, draw) => {
  const decoded = codec.decode(bytesOf(message));
  const content = decoded.ok ? decoded.value : null;
  const changed = draw.chance(0.75) ? mutateBody(message, draw) : mutateValue(content, draw);
  return {
    what: 'another value, signed',
    topic: topicOf(message.sender),
    bytes: sealed(message, codec.encode(changed)),
    mayPass: true,
  };
};

/** The sender signs, below its own name, what names another one. */
const impersonating: Mutation = (message) => ({
  what: 'in the name of another',
  topic: topicOf('plant-2/press-8'),
  bytes: signerNamed('plant-2/press-8').seal(bytesOf(message)),
  mayPass: false,
});

const OTHER_TOPICS = [
  'mx/1/plant-2/press-8/gossip/press-7',
  'mx/1/plant-3/press-7/gossip/press-8',
  'mx/1/plant-2/stranger/decision',
  'mx/2/plant-2/press-7/decision',
  'mx/1/plant-2',
  'mx/1/../../x',
  `mx/1/${'a/'.repeat(1_000)}`,
  '',
];

/** Below a name that is not the sender's. */
const misplaced: Mutation = (message, draw) => ({
  what: 'below another name',
  topic: draw.of(OTHER_TOPICS.filter((topic) => !topic.startsWith(`mx/1/${message.sender}/`))),
  bytes: original(message),
  mayPass: false,
});

/** Another gateway signs, with its own kid or with the victim's. */
const forged: Mutation = (message, draw) => {
  const bytes = signerNamed('plant-2/liar').seal(bytesOf(message));
  const { kid } = signerNamed(message.sender).publicKey;
  if (draw.chance(0.5)) bytes.set(kid, KID_AT);
  return { what: 'signed by another', topic: topicOf(message.sender), bytes, mayPass: false };
};
/** Tag, array, protected header, map, label and head come before it. */
const KID_AT = 9;

/** Those that come farthest several times. */
const MUTATIONS: readonly Mutation[] = [
  ...[carried, carried, written, written, lied, lied, lied, lied],
  ...[misplaced, forged, impersonating],
];

/** One to three of: bits flipped, a byte replaced, put in or taken out, the end cut off, a piece of itself repeated. */
function mutateBytes(original: Uint8Array, draw: Draw): Uint8Array {
  const bytes = [...original];
  for (let left = 1 + draw.below(3); left > 0 && bytes.length > 0; left--) {
    const at = draw.chance(0.3) ? draw.below(Math.min(24, bytes.length)) : draw.below(bytes.length);
    const changes = [
      () => bytes.splice(at, 1, bytes[at]! ^ (1 << draw.below(8))),
      () => bytes.splice(at, 1, draw.below(256)),
      () => bytes.splice(at, 0, draw.below(256)),
      () => bytes.splice(at, 1),
      () => bytes.splice(at),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + 1 + draw.below(16))),
    ];
    draw.of(changes)();
  }
  return Uint8Array.from(bytes);
}

/** Values that schemas must not let pass where something else belongs. */
const STRANGE = (draw: Draw): unknown =>
  draw.of([
    null,
    true,
    '',
    '0-0',
    'x'.repeat(draw.of([1, 65, 513])),
    draw.of(INTERESTING),
    draw.of([0.5, -0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER]),
    2n ** 63n,
    new Uint8Array(draw.of([0, 1, 306, 20_000])),
    [],
    {},
    Array.from({ length: draw.of([1, 17, 300]) }, () => 0),
    Object.fromEntries(Array.from({ length: draw.of([1, 17, 257]) }, (_, at) => [`k${at}`, at])),
    nested(draw.of([2, 6, 60])),
  ]);

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);

/** The value with one place, at any depth, replaced, taken away, or with one more beside it. */
function mutateValue(value: unknown, draw: Draw): unknown {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null || draw.chance(0.1)) {
    return STRANGE(draw);
  }
  if (Array.isArray(value)) {
    if (value.length === 0 || draw.chance(0.1)) return [...value, STRANGE(draw)];
    const at = draw.below(value.length);
    return draw.chance(0.1) ? value.toSpliced(at, 1) : value.with(at, mutateValue(value[at], draw));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || draw.chance(0.1)) return { ...value, [draw.of(['extra', '', 'label'])]: STRANGE(draw) };
  const at = draw.below(entries.length);
  const [name, member] = entries[at]!;
  return Object.fromEntries(
    draw.chance(0.1) ? entries.toSpliced(at, 1) : entries.with(at, [name, mutateValue(member, draw)]),
  );
}
