import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count, Magnitude, Probability } from '../numbers.ts';

/** A counter's name: the stable code of a rejection or a loss, in camelCase. */
const CounterName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,63}$' });

/** Running accuracy over the windows whose truth is known; null before the first. */
const Expert = Type.Object(
  { accuracy: Type.Union([Probability, Type.Null()]), weight: Probability },
  { additionalProperties: false },
);

/** How the node fares, every few seconds; QoS 0, never retained. Everything counts from the start of the process. */
const TelemetryBody = Type.Object(
  {
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
    rejected: Type.Record(CounterName, Count, { maxProperties: LIMITS.countersMax }),
    experts: Type.Record(Name, Expert, { maxProperties: LIMITS.expertsMax }),
    /** Running accuracy of the mixture, null before the first known truth. */
    accuracy: Type.Union([Probability, Type.Null()]),
    drift: Magnitude,
    latencyUs: Type.Object({ p50: Count, p99: Count }, { additionalProperties: false }),
    rssBytes: Count,
  },
  { additionalProperties: false },
);

export type TelemetryBody = Static<typeof TelemetryBody>;

export const TELEMETRY = defineMessage('telemetry', 1, TelemetryBody);
