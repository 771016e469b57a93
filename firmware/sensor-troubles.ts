import type { ChannelChange } from './machines/channel-health.ts';
import type { ChannelRules } from './machines/channel-rules.ts';
import type { Vitals } from './vitals.ts';

/** Channels that may have a trouble of their own at one time; more are one trouble together. */
const NAMED_MAX = 16;
const MORE = 'sensor.others';

/** Tells vitals what is wrong with which channel. */
export interface SensorTroubles {
  /** @param ageMs how long it has been so */
  changed(change: ChannelChange, ageMs: number): void;
  /** Why a channel has no value, as far as its source knows; empty when it has one again. */
  reason(channel: number, text: string): void;
}

/** @param unixMs the wall clock, for people's eyes only: it may be wrong */
export const createSensorTroubles = (
  rules: readonly ChannelRules[],
  { vitals, unixMs }: { vitals: Vitals; unixMs: () => number },
): SensorTroubles => {
  const reasons = new Map<number, string>();
  const named = new Set<number>();
  const others = new Set<number>();

  const clear = (channel: number): void => {
    if (named.delete(channel)) vitals.well(`sensor.${rules[channel]!.name}`);
    if (others.delete(channel) && others.size === 0) vitals.well(MORE);
  };

  return {
    reason: (channel, text) => {
      if (text === '') reasons.delete(channel);
      else reasons.set(channel, text);
    },
    changed: (change, ageMs) => {
      const { channel, state } = change;
      if (state === 'well') return clear(channel);
      const { name } = rules[channel]!;
      if (named.has(channel) || named.size < NAMED_MAX) {
        named.add(channel);
        const since = new Date(unixMs() - ageMs).toISOString().slice(0, 19);
        vitals.trouble(`sensor.${name}`, explain(rules[channel]!, change, `${since}Z`, reasons.get(channel)));
      } else if (!others.has(channel)) {
        others.add(channel);
        if (others.size === 1) vitals.trouble(MORE, `more than ${NAMED_MAX} channels are unwell, ${name} among them`);
      }
    },
  };
};

const explain = (rules: ChannelRules, change: ChannelChange, since: string, reason: string | undefined): string => {
  const { name, gapMs, rangeMin, rangeMax, stuckAfterMs } = rules;
  const value = Number(change.value.toPrecision(7));
  const because = reason === undefined ? '' : ` (${reason})`;
  switch (change.state) {
    case 'range':
      return (
        `${name} was ${value} at ${since}, outside [${rangeMin}, ${rangeMax}]; such values count as missing: ` +
        "check the sensor's wiring, or the channel's range, scale and offset"
      );
    case 'stuck':
      return (
        `${name} is exactly ${value} since ${since}, longer than ${stuckAfterMs} ms, and counts as missing: ` +
        'check whether the sensor still measures'
      );
    default:
      return (
        `${name} has no sample since ${since}${because}, longer than ${gapMs} ms, and counts as missing: ` +
        'check cable, power and sender of the sensor'
      );
  }
};
