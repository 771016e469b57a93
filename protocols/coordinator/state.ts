import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { bytesType } from '../bytes.ts';
import type { CborLimits } from '../cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from '../codec.ts';
import { hexOf } from '../hex.ts';
import { LIMITS } from '../limits.ts';
import { lineageBytes, UpdateBody, updateBody, updateOf } from '../messages/update.ts';
import { Name } from '../names.ts';
import { Count, Life } from '../numbers.ts';
import { type AgentState, WAITING_MAX, type WaitingUpdate } from './agent.ts';
import { VERDICTS } from './contract.ts';
import type { CoordinatorState, Ledger } from './coordinator.ts';

const VECTOR_BYTES_MAX = 8 * LIMITS.binaryBytesMax;
const PACKED_BYTES_MAX = 2 * LIMITS.binaryBytesMax;
/** Heads, names and numbers of a file, and of one update or ledger in it. */
const HEAD_BYTES_MAX = 512;

const limitsFor = (bytesMax: number): CborLimits => {
  return { ...MESSAGE_LIMITS, bytesMax, itemsMax: 64 + 8 * LIMITS.agentsMax, binaryBytesMax: VECTOR_BYTES_MAX };
};
const AGENT_LIMITS = limitsFor(
  HEAD_BYTES_MAX + 2 * VECTOR_BYTES_MAX + WAITING_MAX * (HEAD_BYTES_MAX + PACKED_BYTES_MAX + VECTOR_BYTES_MAX),
);
const COORDINATOR_LIMITS = limitsFor(
  HEAD_BYTES_MAX + VECTOR_BYTES_MAX + LIMITS.agentsMax * (HEAD_BYTES_MAX + PACKED_BYTES_MAX),
);

/** What a file may hold at most, bytes. */
export const STATE_BYTES_MAX = Math.max(AGENT_LIMITS.bytesMax, COORDINATOR_LIMITS.bytesMax);

const closed = { additionalProperties: false } as const;
/** [size], a float64 each, big-endian: sums of what was sent are kept to the last bit. */
const Vector = bytesType(VECTOR_BYTES_MAX);
const Packed = bytesType(LIMITS.binaryBytesMax);
const Lineage = bytesType(8, 8);

/** An update, the labels in all when it was made, and what had been learned by then. */
const Waiting = Type.Tuple([UpdateBody, Count, Vector]);

const Agent = Type.Object(
  {
    ...{ lineage: Lineage, life: Life, isRooted: Type.Boolean(), version: Count, base: Vector, answered: Count },
    ...{ handed: Vector, labelsAnswered: Count, made: Count },
    waiting: Type.Array(Waiting, { maxItems: WAITING_MAX }),
  },
  closed,
);
const agentForm = Compile(Type.Tuple([Type.Literal('starAgent'), Type.Literal(1), Agent]));

const VerdictAt = Type.Integer({ minimum: 0, maximum: VERDICTS.length - 1 });

/** Agent, life, since, number, verdict, and scales and values of what it held: empty when only the answer is known. */
const LedgerRow = Type.Tuple([Name, Life, Count, Count, VerdictAt, Packed, Packed]);

const Centre = Type.Object(
  {
    ...{ lineage: Lineage, version: Count, values: Vector },
    ledgers: Type.Array(LedgerRow, { maxItems: LIMITS.agentsMax }),
  },
  closed,
);
const centreForm = Compile(Type.Tuple([Type.Literal('starCoordinator'), Type.Literal(1), Centre]));

/** Of what a state is; one of another is not opened. */
export interface StateOwner {
  readonly lineage: string;
  readonly size: number;
}

/** `["starAgent", 1, {…}]` (star-state.cddl). */
export function encodeAgentState(codec: Codec, lineage: string, state: AgentState): Uint8Array {
  const waiting = state.waiting.map(({ update, labels, values }): Static<typeof Waiting> => {
    return [updateBody(update), labels, bytesOf(values)];
  });
  const vectors = { base: bytesOf(state.base), handed: bytesOf(state.handed) };
  return codec.encode(['starAgent', 1, { ...state, lineage: lineageBytes(lineage), ...vectors, waiting }]);
}

/** Never throws; null when the bytes are of another form, version or owner. */
export function decodeAgentState(codec: Codec, { lineage, size }: StateOwner, bytes: Uint8Array): AgentState | null {
  const decoded = codec.decode(bytes, AGENT_LIMITS);
  if (!decoded.ok || !agentForm.Check(decoded.value)) return null;
  const { lineage: whose, ...rest } = decoded.value[2];
  const base = vectorOf(rest.base, size);
  const handed = vectorOf(rest.handed, size);
  if (hexOf(whose) !== lineage || base === null || handed === null) return null;
  const waiting: WaitingUpdate[] = [];
  for (const [body, labels, packed] of rest.waiting) {
    const values = vectorOf(packed, size);
    if (values === null) return null;
    waiting.push({ update: updateOf(body), labels, values });
  }
  return { ...rest, base, handed, waiting };
}

/** `["starCoordinator", 1, {…}]` (star-state.cddl). */
export function encodeCoordinatorState(codec: Codec, lineage: string, state: CoordinatorState): Uint8Array {
  const none = new Uint8Array(0);
  const ledgers = [...state.ledgers].map(([agent, ledger]): Static<typeof LedgerRow> => {
    const { scales, values } = ledger.delta ?? { scales: none, values: none };
    const verdict = VERDICTS.indexOf(ledger.verdict);
    return [agent, ledger.life, ledger.since, ledger.number, verdict, scales, values];
  });
  const { version, values } = state;
  const body = { lineage: lineageBytes(lineage), version, values: bytesOf(values), ledgers };
  return codec.encode(['starCoordinator', 1, body]);
}

/** As `decodeAgentState`. */
export function decodeCoordinatorState(
  codec: Codec,
  { lineage, size }: StateOwner,
  bytes: Uint8Array,
): CoordinatorState | null {
  const decoded = codec.decode(bytes, COORDINATOR_LIMITS);
  if (!decoded.ok || !centreForm.Check(decoded.value)) return null;
  const { lineage: whose, version, values: packed, ledgers } = decoded.value[2];
  const values = vectorOf(packed, size);
  if (hexOf(whose) !== lineage || values === null) return null;
  const read = new Map<string, Ledger>();
  for (const [agent, life, since, number, verdict, scales, held] of ledgers) {
    const delta = held.length === 0 ? null : { scales, values: held };
    read.set(agent, { life, since, number, delta, verdict: VERDICTS[verdict]! });
  }
  return { version, values, ledgers: read };
}

function bytesOf(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i]!);
  return bytes;
}

/** null when it is of another length or holds what is no number. */
function vectorOf(bytes: Uint8Array, size: number): Float64Array | null {
  if (bytes.length !== 8 * size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float64Array.from({ length: size }, (_, i) => view.getFloat64(8 * i));
  return values.every(Number.isFinite) ? values : null;
}
