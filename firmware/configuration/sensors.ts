import Type, { type Static } from 'typebox';
import type { WrongValue } from './faults.ts';
import { closed, Millis, Path, Seed, Share } from './fields.ts';
import { HostSensor, liveSensorFault, MqttSensor, SeveralSensor, StdinSensor } from './live-sensors.ts';

const SimulatedSensor = Type.Object(
  {
    kind: Type.Literal('simulated'),
    seed: Seed,
    /** When the drift begins and is complete, ms after start; null for none. */
    drift: Type.Union([Type.Object({ beginMs: Millis, endMs: Millis }, closed), Type.Null()]),
  },
  closed,
);

const RecordingSensor = Type.Object(
  {
    kind: Type.Literal('recording'),
    path: Path,
    /** The node whose rows are played; the first one when left out. */
    node: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    /** Only these segments; all when left out. */
    segments: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1 })),
    /** As fast as it can be decided, or times the speed of the recording. */
    speed: Type.Union([Type.Literal('max'), Type.Number({ exclusiveMinimum: 0, maximum: 1_000 })]),
    /** Share of labelled windows whose label is revealed. */
    labelRate: Share,
  },
  closed,
);

/** Where samples come from. Side by side, so that a fault is explained by the kind that was meant. */
export const Sensor = Type.Union([
  SimulatedSensor,
  RecordingSensor,
  HostSensor,
  MqttSensor,
  StdinSensor,
  SeveralSensor,
]);

export type Sensor = Static<typeof Sensor>;

/** What a schema cannot say: where it is wrong, and why. */
export const sensorFault = (sensor: Sensor): WrongValue | null => {
  if (sensor.kind === 'recording') return null;
  if (sensor.kind !== 'simulated') return liveSensorFault(sensor);
  const { drift } = sensor;
  return drift !== null && drift.endMs <= drift.beginMs
    ? { path: '/sensor/drift/endMs', why: 'must be later than beginMs' }
    : null;
};
