import Type, { type Static } from 'typebox';
import { HOST_FIGURES } from '../host-figures.ts';
import { type ChannelFields, channelFields, channelsOf, emptyRange } from './channels.ts';
import { closed, Path } from './fields.ts';

const HostFigure = Type.Enum([...HOST_FIGURES]);

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
export type HostSensor = Static<typeof HostSensor>;

/** What happens outside at this moment, as opposed to a simulation or a recording. */
export const LiveSensor = HostSensor;
export type LiveSensor = Static<typeof LiveSensor>;

/** What a schema cannot say of a live sensor: where it is wrong, and why. */
export const liveSensorFault = ({ channels }: LiveSensor): { path: string; why: string } | null => {
  if (Array.isArray(channels)) return null;
  const empty = emptyRange(channels as Readonly<Record<string, ChannelFields>>);
  return empty === null ? null : { path: `/sensor/channels/${empty}/range`, why: 'must be [least, greatest]' };
};
