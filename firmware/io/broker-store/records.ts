import Type, { type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import { bytesType } from '../../../protocols/bytes.ts';
import type { CborLimits } from '../../../protocols/cbor-scan.ts';
import { createCodec } from '../../../protocols/codec.ts';
import { Count } from '../../../protocols/numbers.ts';
import { readRecord, recordType, seal } from '../store/sealed.ts';

/** A topic is at most 65,535 bytes (MQTT 3.1.1 §1.5.3); a packet is bounded by the board, far below this. */
const BYTES_MAX = 4 * 1024 * 1024;
const RECORD_LIMITS: CborLimits = {
  bytesMax: BYTES_MAX,
  depthMax: 2,
  itemsMax: 16_384,
  pairsMax: 0,
  textBytesMax: 65_535,
  binaryBytesMax: BYTES_MAX,
  tags: [],
};
/** Of the whole directory; a newer one is refused, an older one upgraded (`upgrades.ts`). */
export const SCHEMA_VERSION = 1;
const VERSION = 1;

const Qos = Type.Integer({ minimum: 0, maximum: 2 });
const Payload = bytesType(BYTES_MAX);

const SCHEMA = Compile(Type.Tuple([Type.Literal('schema'), Count]));
const MESSAGE = recordType('message', VERSION, Type.String(), Payload, Qos, Type.Array(Count));
const SESSION = recordType('session', VERSION, Type.String(), Count, Type.Array(Type.Union([Type.String(), Qos])));
const RETAINED = recordType('retained', VERSION, Type.String(), Payload, Qos);
const WILL = recordType('will', VERSION, Type.String(), Type.String(), Payload, Qos, Type.Boolean());
const OUTGOING = recordType('outgoing', VERSION, Type.Integer({ minimum: -1 }));

export interface MessageRecord {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  /** QoS by number of session. */
  readonly waiting: ReadonlyMap<number, number>;
}
export interface SessionRecord {
  readonly clientId: string;
  /** Larger for sessions used later. */
  readonly seen: number;
  /** QoS by topic filter. */
  readonly subscriptions: ReadonlyMap<string, number>;
}
export interface RetainedRecord {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
}
export interface WillRecord extends RetainedRecord {
  readonly clientId: string;
  readonly retain: boolean;
}
/** Sequence of the message that is in flight under an identifier; RELEASED when only PUBCOMP is awaited. */
export const RELEASED = -1;

/**
 * Sealed values of CBOR `[kind, version, …]`, as in the store of what is learned. Readers give null for what is damaged
 * or unknown.
 */
export interface BrokerRecords {
  writeSchema(version: number): Uint8Array;
  readSchema(value: Uint8Array): number | null;
  writeMessage(message: MessageRecord): Uint8Array;
  readMessage(value: Uint8Array): MessageRecord | null;
  writeSession(session: SessionRecord): Uint8Array;
  readSession(value: Uint8Array): SessionRecord | null;
  writeRetained(retained: RetainedRecord): Uint8Array;
  readRetained(value: Uint8Array): RetainedRecord | null;
  writeWill(will: WillRecord): Uint8Array;
  readWill(value: Uint8Array): WillRecord | null;
  writeOutgoing(sequence: number): Uint8Array;
  readOutgoing(value: Uint8Array): number | null;
}

export const createBrokerRecords = (): BrokerRecords => {
  const codec = createCodec();
  const write = (...content: unknown[]): Uint8Array => seal(codec.encode(content));
  const read = <T extends TSchema>(validator: Validator<T>, value: Uint8Array): Static<T> | null =>
    readRecord(codec, RECORD_LIMITS, validator, value);
  return {
    writeSchema: (version) => write('schema', version),
    readSchema: (value) => read(SCHEMA, value)?.[1] ?? null,
    writeMessage: ({ topic, payload, qos, waiting }) =>
      write('message', VERSION, topic, payload, qos, [...waiting].flat()),
    readMessage: (value) => {
      const fields = read(MESSAGE, value);
      if (fields === null) return null;
      const [, , topic, payload, qos, waiting] = fields;
      return { topic, payload: Buffer.from(payload), qos, waiting: new Map(pairs(waiting)) };
    },
    writeSession: ({ clientId, seen, subscriptions }) =>
      write('session', VERSION, clientId, seen, [...subscriptions].flat()),
    readSession: (value) => {
      const fields = read(SESSION, value);
      if (fields === null) return null;
      const [, , clientId, seen, subscriptions] = fields;
      return { clientId, seen, subscriptions: new Map(pairs(subscriptions) as [string, number][]) };
    },
    writeRetained: ({ topic, payload, qos }) => write('retained', VERSION, topic, payload, qos),
    readRetained: (value) => {
      const fields = read(RETAINED, value);
      return fields && { topic: fields[2], payload: Buffer.from(fields[3]), qos: fields[4] };
    },
    writeWill: ({ clientId, topic, payload, qos, retain }) =>
      write('will', VERSION, clientId, topic, payload, qos, retain),
    readWill: (value) => {
      const fields = read(WILL, value);
      if (fields === null) return null;
      const [, , clientId, topic, payload, qos, retain] = fields;
      return { clientId, topic, payload: Buffer.from(payload), qos, retain };
    },
    writeOutgoing: (sequence) => write('outgoing', VERSION, sequence),
    readOutgoing: (value) => read(OUTGOING, value)?.[2] ?? null,
  };
};

const pairs = <T>(flat: readonly T[]): [T, T][] => {
  const result: [T, T][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) result.push([flat[i]!, flat[i + 1]!]);
  return result;
};
