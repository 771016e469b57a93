import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import type { Update } from '../coordinator/contract.ts';
import { bytesOfHex, hexOf } from '../hex.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Count, Life, Magnitude } from '../numbers.ts';

/** What an agent of a star learned since the coordinator last answered it; QoS 1, retained. */
export const UpdateBody = Type.Object(
  {
    /** Model, seed of A and layout. */
    lineage: bytesType(LIMITS.lineageBytes, LIMITS.lineageBytes),
    /** Of the adapter that the agent has. */
    version: Count,
    /** Drawn by an agent that has no memory: numbers of one life say nothing about those of another. */
    life: Life,
    since: Count,
    number: Count,
    labels: Count,
    /** Mean log-loss on the agent's own labelled windows, without and with what it learned. */
    before: Magnitude,
    after: Magnitude,
    /** A bfloat16 for each part, big-endian, and an int8 for each parameter. */
    scales: bytesType(LIMITS.binaryBytesMax),
    values: bytesType(LIMITS.binaryBytesMax),
  },
  { additionalProperties: false },
);

export type UpdateBody = Static<typeof UpdateBody>;

export const UPDATE = defineMessage('update', UpdateBody);

export const lineageBytes = (lineage: string): Uint8Array => bytesOfHex(lineage, LIMITS.lineageBytes);

export const updateBody = ({ lineage, delta, ...rest }: Update): UpdateBody => {
  return { ...rest, lineage: lineageBytes(lineage), ...delta };
};

export const updateOf = ({ lineage, scales, values, ...rest }: UpdateBody): Update => {
  return { ...rest, lineage: hexOf(lineage), delta: { scales, values } };
};
