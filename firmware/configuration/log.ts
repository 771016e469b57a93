import Type, { type Static } from 'typebox';
import { closed } from './fields.ts';

/** What is said on standard error. */
export const Log = Type.Object(
  {
    /** The most talkative level that is shown; `info` when left out. */
    level: Type.Optional(
      Type.Union([Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug')]),
    ),
    /** `auto`: the journal's where it goes there, text in a terminal, else JSON lines. */
    format: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('text'), Type.Literal('json'), Type.Literal('journal')]),
    ),
  },
  closed,
);

export type Log = Static<typeof Log>;
