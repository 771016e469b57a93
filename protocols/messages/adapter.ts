import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import { type CommonAdapter, VERDICTS } from '../coordinator/contract.ts';
import { hexOf } from '../hex.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count, Life } from '../numbers.ts';
import { lineageBytes } from './update.ts';

/** An agent of the same site, its life, its update, and what became of that: a place in `VERDICTS`. */
const Answer = Type.Tuple([Name, Life, Count, Type.Integer({ minimum: 0, maximum: VERDICTS.length - 1 })]);

/** The adapter of a star as its coordinator last made it; QoS 1, retained. */
const AdapterBody = Type.Object(
  {
    lineage: bytesType(8, 8),
    version: Count,
    scales: bytesType(LIMITS.binaryBytesMax),
    values: bytesType(LIMITS.binaryBytesMax),
    answers: Type.Array(Answer, { maxItems: LIMITS.agentsMax }),
  },
  { additionalProperties: false },
);

export type AdapterBody = Static<typeof AdapterBody>;

export const ADAPTER = defineMessage('adapter', AdapterBody);

export const adapterBody = ({ lineage, version, values, answers }: CommonAdapter): AdapterBody => {
  const said = answers.map(({ agent, life, number, verdict }): Static<typeof Answer> => {
    return [agent, life, number, VERDICTS.indexOf(verdict)];
  });
  return { lineage: lineageBytes(lineage), version, ...values, answers: said };
};

export const adapterOf = ({ lineage, version, scales, values, answers }: AdapterBody): CommonAdapter => {
  const said = answers.map(([agent, life, number, verdict]) => ({ agent, life, number, verdict: VERDICTS[verdict]! }));
  return { lineage: hexOf(lineage), version, values: { scales, values }, answers: said };
};
