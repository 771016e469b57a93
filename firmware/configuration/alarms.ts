import Type, { type Static } from 'typebox';
import { LIMITS } from '../../protocols/limits.ts';
import { ClassName, Name } from '../../protocols/names.ts';
import { closed, Millis } from './fields.ts';

const WINDOWS_MAX = 64;

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Level = Type.Number({ minimum: 0, maximum: 1e9 });
const WindowCount = Type.Integer({ minimum: 1, maximum: WINDOWS_MAX });

/** How long something must be so before it counts. */
const holding = {
  name: Name,
  /** The condition must hold this long before the alarm is raised. */
  holdMs: Type.Optional(Millis),
  /** And be over this long before it is cleared. */
  clearHoldMs: Type.Optional(Millis),
  /** Stays until a person acknowledges it. */
  latched: Type.Optional(Type.Boolean()),
};
/** Raised when the condition held in `raise` of the last `of` judged windows, in place of `holdMs`. */
const byWindows = {
  windows: Type.Optional(Type.Object({ raise: WindowCount, of: WindowCount }, closed)),
};

/** The model sees one of these classes: the sum of their probabilities. */
const ClassAlarm = Type.Object(
  {
    ...{ on: Type.Literal('class'), ...holding, ...byWindows },
    classes: Type.Array(ClassName, { minItems: 1, maxItems: 256, uniqueItems: true }),
    above: Type.Optional(Share),
    clearBelow: Type.Optional(Share),
  },
  closed,
);

/** The model is not sure of what it sees. */
const ConfidenceAlarm = Type.Object(
  { on: Type.Literal('confidence'), ...holding, ...byWindows, below: Share, clearAbove: Type.Optional(Share) },
  closed,
);

/** The stream is not what the model was made for. */
const DriftAlarm = Type.Object(
  { on: Type.Literal('drift'), ...holding, ...byWindows, above: Level, clearBelow: Type.Optional(Level) },
  closed,
);

const Quantity = Type.Number({ minimum: -3.4e38, maximum: 3.4e38 });
const ofValue = { on: Type.Literal('value'), ...holding, ...byWindows, output: ClassName };

/** A value that a regressor gives is too high, or too low, in its own unit. */
const HighAlarm = Type.Object({ ...ofValue, above: Quantity, clearBelow: Type.Optional(Quantity) }, closed);
const LowAlarm = Type.Object({ ...ofValue, below: Quantity, clearAbove: Type.Optional(Quantity) }, closed);

/** Something is wrong with the gateway itself. */
const HealthAlarm = Type.Object(
  {
    ...{ on: Type.Literal('health'), ...holding },
    /** Only these troubles, by the beginning of their names (`sensor.` is every sensor); any when left out. */
    troubles: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 32 })),
  },
  closed,
);

export const Alarm = Type.Union([ClassAlarm, ConfidenceAlarm, DriftAlarm, HighAlarm, LowAlarm, HealthAlarm]);
export type Alarm = Static<typeof Alarm>;

export const Alarms = Type.Array(Alarm, { maxItems: LIMITS.alarmsMax });

/** More likely than not. */
const CLASS_ABOVE = 0.5;

/** Where an alarm begins and where it ends; `rising`: the high side is the alarm. */
export interface Thresholds {
  readonly rising: boolean;
  readonly raise: number;
  readonly clear: number;
}

/** Null for health, which has no level. */
export const thresholdsOf = (alarm: Alarm): Thresholds | null => {
  if (alarm.on === 'health') return null;
  if ('below' in alarm) {
    return { rising: false, raise: alarm.below, clear: alarm.clearAbove ?? alarm.below };
  }
  const raise = alarm.above ?? CLASS_ABOVE;
  return { rising: true, raise, clear: alarm.clearBelow ?? raise };
};

/** What a schema cannot say of alarms: the path and what is wrong there, or null. */
export const alarmsFault = (alarms: readonly Alarm[] = []): { path: string; why: string } | null => {
  for (const [at, alarm] of alarms.entries()) {
    const wrong = (field: string, why: string) => ({ path: `/alarms/${at}/${field}`, why });
    if (alarms.findIndex(({ name }) => name === alarm.name) < at) return wrong('name', 'is taken by an alarm above');
    const thresholds = thresholdsOf(alarm);
    if (thresholds !== null) {
      const { rising, raise, clear } = thresholds;
      if (rising && clear > raise) return wrong('clearBelow', `must not be above the level that raises, ${raise}`);
      if (!rising && clear < raise) return wrong('clearAbove', `must not be below the level that raises, ${raise}`);
    }
    const windows = 'windows' in alarm ? alarm.windows : undefined;
    if (windows !== undefined && windows.raise > windows.of) return wrong('windows/raise', 'must not be above of');
    if (windows !== undefined && alarm.holdMs !== undefined) return wrong('holdMs', 'and windows exclude each other');
  }
  return null;
};
