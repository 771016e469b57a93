import Type, { type Static } from 'typebox';
import { parsePointer } from '../../protocols/json-pointer.ts';
import { isTopicFilter } from '../../protocols/topic-filter.ts';
import { HOST_FIGURES } from '../host-figures.ts';
import { brokerFault, RemoteBroker } from './broker.ts';
import { ChannelName, channelFields, channelsOf, DelayMs, emptyRange, RateHz } from './channels.ts';
import { closed, Path } from './fields.ts';

const HostFigure = Type.Enum([...HOST_FIGURES]);
const Pointer = Type.String({ maxLength: 256 });
/** Parts of a sensor of kind `several`. */
const PARTS_MAX = 16;

/** This computer itself: load, temperature, memory, disk, network. */
export const HostSensor = Type.Object(
  {
    kind: Type.Literal('host'),
    /** Readings per second; /proc is not made for more. */
    rateHz: Type.Number({ minimum: 0.001, maximum: 100 }),
    /** Figures by name, or channels by names of their own with the figure that each reads. */
    channels: Type.Union([
      Type.Array(HostFigure, { minItems: 1, uniqueItems: true }),
      channelsOf(Type.Object({ read: HostFigure, ...channelFields }, closed)),
    ]),
    /** A path on the file system of which `disk` is measured; `/` when left out. */
    path: Type.Optional(Path),
    /** Where proc and sys are mounted; a container may have those of its host elsewhere. */
    proc: Type.Optional(Path),
    sys: Type.Optional(Path),
  },
  closed,
);

const MqttChannel = Type.Object(
  {
    /** A topic filter, as the sender names its topics: no prefix is put before it. */
    topic: Type.String({ minLength: 1, maxLength: 1_024 }),
    /** The payload is a number as text; or JSON or CBOR, with the JSON Pointer (RFC 6901) of a number or an array. */
    read: Type.Union([
      Type.Literal('number'),
      Type.Object({ json: Pointer }, closed),
      Type.Object({ cbor: Pointer }, closed),
    ]),
    /** Of arrays that hold several channels row by row: which column (from 0) of how many. */
    column: Type.Optional(
      Type.Object(
        { at: Type.Integer({ minimum: 0, maximum: 1_023 }), of: Type.Integer({ minimum: 1, maximum: 1_024 }) },
        closed,
      ),
    ),
    /** Samples per second inside an array; needed to read one with more than one sample. */
    sampleHz: Type.Optional(RateHz),
    /** Take retained messages, too. They may be as old as the broker, so they are passed over otherwise. */
    retained: Type.Optional(Type.Boolean()),
    ...channelFields,
  },
  closed,
);

const mqttFields = {
  kind: Type.Literal('mqtt'),
  /** Another broker than the node's own. */
  broker: Type.Optional(RemoteBroker),
  channels: channelsOf(MqttChannel),
};

const stdinFields = {
  kind: Type.Literal('stdin'),
  /** `csv` when left out. */
  format: Type.Optional(Type.Enum(['csv', 'jsonl'])),
  /** In the order of the columns, unless a header or the members of an object name them. */
  channels: Type.Union([
    Type.Array(ChannelName, { minItems: 1, maxItems: 1_024, uniqueItems: true }),
    channelsOf(
      Type.Object(
        {
          /** The column's name where it is not the channel's, or, beginning with a slash, a JSON Pointer. */
          read: Type.Optional(Pointer),
          ...channelFields,
        },
        closed,
      ),
    ),
  ]),
};

/** Other people's sensors: numbers, JSON or CBOR from any topics. */
export const MqttSensor = Type.Object({ ...mqttFields, rateHz: RateHz, delayMs: Type.Optional(DelayMs) }, closed);
const MqttPart = Type.Object(mqttFields, closed);

/** Lines of numbers from another program; a row per line, or, with a rate, what came since the row before. */
export const StdinSensor = Type.Object({ ...stdinFields, rateHz: Type.Optional(RateHz) }, closed);
const StdinPart = Type.Object(stdinFields, closed);

/** Channels of several sensors, brought onto one clock. */
export const SeveralSensor = Type.Object(
  {
    kind: Type.Literal('several'),
    rateHz: RateHz,
    delayMs: Type.Optional(DelayMs),
    sensors: Type.Array(Type.Union([HostSensor, MqttPart, StdinPart]), { minItems: 1, maxItems: PARTS_MAX }),
  },
  closed,
);

/** What happens outside at this moment, as opposed to a simulation or a recording. */
export type LiveSensor =
  | HostSensor
  | Static<typeof MqttSensor>
  | Static<typeof StdinSensor>
  | Static<typeof SeveralSensor>;

export type HostSensor = Static<typeof HostSensor>;
export type MqttPart = Static<typeof MqttPart>;
export type StdinPart = Static<typeof StdinPart>;
export type LivePart = HostSensor | MqttPart | StdinPart;

interface Fault {
  readonly path: string;
  readonly why: string;
}

/** What a schema cannot say of a live sensor: where it is wrong, and why. */
export const liveSensorFault = (sensor: LiveSensor): Fault | null => {
  if (sensor.kind !== 'several') return partFault(sensor, '/sensor');
  for (const [at, part] of sensor.sensors.entries()) {
    const fault = partFault(part, `/sensor/sensors/${at}`);
    if (fault !== null) return fault;
  }
  if (sensor.sensors.filter(({ kind }) => kind === 'stdin').length > 1) {
    return { path: '/sensor/sensors', why: 'reads standard input twice; there is only one' };
  }
  const names = sensor.sensors.flatMap(channelNames);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? null : { path: '/sensor/sensors', why: `names the channel ${twice} twice` };
};

export const channelNames = ({ channels }: LivePart): readonly string[] =>
  Array.isArray(channels) ? channels : Object.keys(channels);

const partFault = (part: LivePart, path: string): Fault | null => {
  if (Array.isArray(part.channels)) return null;
  const empty = emptyRange(part.channels);
  if (empty !== null) return { path: `${path}/channels/${empty}/range`, why: 'must be [least, greatest]' };
  return part.kind === 'mqtt' ? mqttFault(part, path) : part.kind === 'stdin' ? stdinFault(part, path) : null;
};

const mqttFault = ({ broker, channels }: MqttPart, path: string): Fault | null => {
  const fault = broker === undefined ? null : brokerFault(broker);
  if (fault !== null) return { ...fault, path: path + fault.path };
  for (const [name, { topic, read, column }] of Object.entries(channels)) {
    const at = `${path}/channels/${name}`;
    if (!isTopicFilter(topic))
      return { path: `${at}/topic`, why: 'is not a topic filter (+ and # alone in a level, # last)' };
    if (read !== 'number' && parsePointer('json' in read ? read.json : read.cbor) === null) {
      return { path: `${at}/read`, why: NOT_A_POINTER };
    }
    if (column !== undefined && column.at >= column.of) return { path: `${at}/column/at`, why: 'must be below of' };
  }
  return null;
};

const stdinFault = ({ channels }: StdinPart, path: string): Fault | null => {
  for (const [name, { read = '' }] of Object.entries(channels as Record<string, { read?: string }>)) {
    if (read.startsWith('/') && parsePointer(read) === null) {
      return { path: `${path}/channels/${name}/read`, why: NOT_A_POINTER };
    }
  }
  return null;
};

const NOT_A_POINTER = 'is not a JSON Pointer: /a/0/b, or empty for the whole';
