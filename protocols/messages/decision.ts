import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { ClassName, Name } from '../names.ts';
import { Count, Magnitude, Probability } from '../numbers.ts';
import { WindowId } from '../window-id.ts';

/** What one expert of the mixture said, and how much it counted. */
const Expert = Type.Object(
  { label: ClassName, confidence: Probability, weight: Probability },
  { additionalProperties: false },
);

/**
 * What the gateway decided about one window; published once per window, QoS 0, never retained.
 *
 * `probabilities` maps every class name to the mixture's probability: a reader needs no second message to know the
 * order of classes. A window with too many missing samples is reported, not guessed: `label` is null, `confidence` 0,
 * and both maps are empty.
 */
const DecisionBody = Type.Object(
  {
    window: WindowId,
    /** Time of the window's last sample in ms, on the sensor's own clock. */
    endMs: Count,
    label: Type.Union([ClassName, Type.Null()]),
    confidence: Probability,
    probabilities: Type.Record(ClassName, Probability, { maxProperties: LIMITS.classesMax }),
    experts: Type.Record(Name, Expert, { maxProperties: LIMITS.expertsMax }),
    /** Distance of the stream's statistics from the factory's; 0 is none. */
    drift: Magnitude,
    /** From the sample's arrival to the decision, in µs. */
    latencyUs: Count,
  },
  { additionalProperties: false },
);

export type DecisionBody = Static<typeof DecisionBody>;

export const DECISION = defineMessage('decision', 1, DecisionBody);
