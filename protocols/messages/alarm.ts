import Type, { type Static } from 'typebox';
import { LIMITS } from '../limits.ts';
import { mapType } from '../map-type.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';

/** `latched`: the condition is over, but nobody has acknowledged the alarm. */
const State = Type.Union([Type.Literal('clear'), Type.Literal('raised'), Type.Literal('latched')]);

/** All alarms of a gateway, whenever one of them changes; QoS 1, retained. */
const AlarmBody = Type.Object(
  {
    alarms: mapType(
      Name,
      Type.Object(
        {
          state: State,
          /** A person has seen it, and it is not over yet. */
          acknowledged: Type.Boolean(),
          /** Unix ms of the last change as the gateway believes it; 0: never. Advisory. As far as a Date reaches. */
          since: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
        },
        { additionalProperties: false },
      ),
      { maxProperties: LIMITS.alarmsMax },
    ),
  },
  { additionalProperties: false },
);

export type AlarmBody = Static<typeof AlarmBody>;

export const ALARM = defineMessage('alarm', AlarmBody);
