import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { mapType } from '../map-type.ts';
import { defineMessage, nextVersion } from '../message.ts';
import { Name } from '../names.ts';
import { Count, Magnitude, Probability } from '../numbers.ts';

const closed = { additionalProperties: false } as const;

/** The stable code of a rejection, in camelCase. */
const CounterName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,63}$' });

/** What a part of the node calls a counter or a trouble: `outboxDropped`, `sensor.pressure`. */
const VitalName = Type.String({ minLength: 1, maxLength: LIMITS.nameCharsMax });

/** Running accuracy over the windows whose truth is known; null before the first. */
const Expert = Type.Object({ accuracy: Type.Union([Probability, Type.Null()]), weight: Probability }, closed);

/** What every version says. Everything counts from the start of the process. */
const common = {
  uptimeMs: Count,
  windows: Count,
  /** Windows lost because the sample ring was full. */
  dropped: Count,
  published: Count,
  /** Decisions not sent because the broker was away or slow. */
  unpublished: Count,
  /** Labels acknowledged as stored. */
  labels: Count,
  /** Refused labels and messages by reason. */
  rejected: mapType(CounterName, Count, { maxProperties: LIMITS.countersMax }),
  experts: mapType(Name, Expert, { maxProperties: LIMITS.expertsMax }),
  /** Running accuracy of the mixture, null before the first known truth. */
  accuracy: Type.Union([Probability, Type.Null()]),
  drift: Magnitude,
  latencyUs: Type.Object({ p50: Count, p99: Count }, closed),
  rssBytes: Count,
};

const TelemetryV1 = Type.Object(common, closed);

/** How the node fares, every few seconds; QoS 0, never retained. */
const TelemetryV2 = Type.Object(
  {
    ...common,
    /** Counts and gauges of every part of the node. */
    counters: mapType(VitalName, Type.Number(), { maxProperties: LIMITS.vitalsMax }),
    /** What is wrong at the moment, and what to do about it; empty when all is well. */
    health: mapType(VitalName, Type.String({ maxLength: LIMITS.troubleCharsMax }), {
      maxProperties: LIMITS.troublesMax,
    }),
  },
  closed,
);

export type TelemetryBody = Static<typeof TelemetryV2>;

export const TELEMETRY = nextVersion(defineMessage('telemetry', TelemetryV1), TelemetryV2, (old) => {
  return { ...old, counters: {}, health: {} };
});
