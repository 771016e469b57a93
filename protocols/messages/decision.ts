import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { mapType } from '../map-type.ts';
import { defineMessage, nextVersion } from '../message.ts';
import { ClassName, Name } from '../names.ts';
import { Count, Finite, Magnitude, Probability } from '../numbers.ts';
import { WindowId } from '../window-id.ts';

const closed = { additionalProperties: false } as const;

/** What every version says. */
const common = {
  window: WindowId,
  /** Time of the window's last sample in ms, on the sensor's own clock. */
  endMs: Count,
  label: Type.Union([ClassName, Type.Null()]),
  confidence: Probability,
  probabilities: mapType(ClassName, Probability, { maxProperties: LIMITS.classesMax }),
  /** Distance of the stream's statistics from the factory's; 0 is none. */
  drift: Magnitude,
  /** From the sample's arrival to the decision, in µs. */
  latencyUs: Count,
};

/** Version 1: classes only. */
const DecisionV1 = Type.Object(
  {
    ...common,
    experts: mapType(Name, Type.Object({ label: ClassName, confidence: Probability, weight: Probability }, closed), {
      maxProperties: LIMITS.expertsMax,
    }),
  },
  closed,
);

/** What one expert of the mixture said, and how much it counted. */
const Expert = Type.Object(
  {
    /** null where the model measures and does not tell classes apart. */
    label: Type.Union([ClassName, Type.Null()]),
    confidence: Probability,
    weight: Probability,
    /** Of an anomaly model. */
    score: Type.Optional(Magnitude),
  },
  closed,
);

/**
 * What the gateway decided about one window; published once per window, QoS 1, never retained.
 *
 * - A classifier: `label`, `confidence`, and `probabilities` of every class name, the mixture's: a reader needs no
 *   second message to know the order of classes.
 * - A regressor: `values`, every output by its name in its own unit; `label` null, `confidence` 0.
 * - An anomaly model: `score`, the error with which it reconstructs the window, and `threshold` in force, beyond which
 *   `label` is `anomaly`, else `normal`; `probabilities` and `confidence` follow from score / threshold.
 *
 * A window with too many missing samples is reported, not guessed: `label` is null, `confidence` 0, the maps are empty,
 * and neither `values` nor `score` is there.
 */
const DecisionV2 = Type.Object(
  {
    ...common,
    experts: mapType(Name, Expert, { maxProperties: LIMITS.expertsMax }),
    values: Type.Optional(mapType(ClassName, Finite, { maxProperties: LIMITS.outputsMax })),
    score: Type.Optional(Magnitude),
    threshold: Type.Optional(Magnitude),
  },
  closed,
);

/** Version 3: `ask`, how much the window's label would teach; only there when the node asks for it. */
const DecisionV3 = Type.Object({ ...DecisionV2.properties, ask: Type.Optional(Probability) }, closed);

export type DecisionBody = Static<typeof DecisionV3>;

const upToV2 = nextVersion(defineMessage('decision', DecisionV1), DecisionV2, (old) => old);

export const DECISION = nextVersion(upToV2, DecisionV3, (old) => old);
