import Type, { type Static } from 'typebox';
import { mapType } from '../../protocols/map-type.ts';
import type { ChannelRules } from '../machines/channel-rules.ts';
import { closed, Millis } from './fields.ts';

/** As many as a model card may name, and of that length. */
const CHANNELS_MAX = 1_024;
export const ChannelName = Type.String({ minLength: 1, maxLength: 64 });
const Finite = Type.Number({ minimum: -3.4e38, maximum: 3.4e38 });

/** Without a sample for longer than this, and than ten of them usually take, a channel is missing. */
const GAP_MS = 10_000;
const GAP_SAMPLES = 10;

/** What may be said of a channel of any live sensor; all of it may be left out. */
export const channelFields = {
  /** The value is `scale × sample + offset`. */
  scale: Type.Optional(Finite),
  offset: Type.Optional(Finite),
  /** Values outside [least, greatest] count as missing. */
  range: Type.Optional(Type.Tuple([Finite, Finite])),
  /** A value unchanged for longer than this, in ms, counts as missing; 0: it may stay as it is for ever. */
  stuckAfterMs: Type.Optional(Millis),
  /** Without a sample for longer than this, in ms, the channel is missing. */
  gapMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 86_400_000 })),
  /** How samples become one value per row. */
  resample: Type.Optional(Type.Enum(['mean', 'hold', 'linear'])),
};

const ChannelFields = Type.Object(channelFields, closed);
export type ChannelFields = Static<typeof ChannelFields>;

/** Channels by name, each with what its sensor needs to know of it. */
export const channelsOf = <T extends Type.TSchema>(channel: T) =>
  mapType(ChannelName, channel, { minProperties: 1, maxProperties: CHANNELS_MAX });

/** Rows per second of a live sensor, from one in a quarter of an hour to what vibration needs. */
export const RateHz = Type.Number({ minimum: 0.001, maximum: 20_000 });
/** How long after its time a row is put together, in ms. */
export const DelayMs = Type.Number({ minimum: 0, maximum: 60_000 });

/** Fills in what was left out. @param intervalMs between samples, as far as that is known */
export const rulesOf = (name: string, fields: ChannelFields, intervalMs: number): ChannelRules => {
  const [rangeMin, rangeMax] = fields.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    name,
    rangeMin,
    rangeMax,
    scale: fields.scale ?? 1,
    offset: fields.offset ?? 0,
    stuckAfterMs: fields.stuckAfterMs || Number.POSITIVE_INFINITY,
    gapMs: fields.gapMs ?? Math.max(GAP_MS, GAP_SAMPLES * intervalMs),
    resample: fields.resample ?? 'mean',
  };
};

/** The first channel whose range is empty, or null. */
export const emptyRange = (channels: Readonly<Record<string, ChannelFields>>): string | null =>
  Object.entries(channels).find(([, { range }]) => range !== undefined && range[0] >= range[1])?.[0] ?? null;
