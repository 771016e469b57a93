import Type, { type Static } from 'typebox';
import { parsePointer } from '../../protocols/json-pointer.ts';
import { ClassName, Name } from '../../protocols/names.ts';
import { PayloadRead } from '../../protocols/payload.ts';
import { isTopicFilter } from '../../protocols/topic-filter.ts';
import { closed, Millis } from './fields.ts';

/** Each topic of a rule is a subscription, and the node's connection has room for 16 in all. */
const RULES_MAX = 10;

const Span = Type.Number({ exclusiveMinimum: 0, maximum: 86_400_000 });

/** Which windows a message speaks of: the `spanMs` that ended `delayMs` before it came, or at its own timestamp. */
const RuleWindow = Type.Union([
  Type.Object({ spanMs: Span, delayMs: Type.Optional(Millis) }, closed),
  Type.Object(
    {
      spanMs: Span,
      /** JSON pointer to a time in the payload that is read: Unix ms, or like 2026-11-23T14:00:00Z. */
      timestamp: Type.String({ minLength: 1, maxLength: 256 }),
    },
    closed,
  ),
]);

/** A later measurement or a PLC tag that knows what the windows before it were. */
export const Rule = Type.Object(
  {
    name: Name,
    /** A topic filter, whole: the broker's own topics, no prefix of ours before it. */
    topic: Type.String({ minLength: 1, maxLength: 1_024 }),
    /** `number` when left out. */
    read: Type.Optional(PayloadRead),
    /** All that is given must be so. */
    when: Type.Object(
      {
        above: Type.Optional(Type.Number()),
        below: Type.Optional(Type.Number()),
        equals: Type.Optional(Type.Union([Type.Number(), Type.Boolean(), Type.String({ maxLength: 256 })])),
      },
      { ...closed, minProperties: 1 },
    ),
    label: ClassName,
    window: RuleWindow,
    /** At most one label in this time, a second when left out: every label is a write to disk. */
    everyMs: Type.Optional(Millis),
  },
  closed,
);
export type Rule = Static<typeof Rule>;

export const Rules = Type.Array(Rule, { maxItems: RULES_MAX });

/** What a schema cannot say of rules: the path and what is wrong there, or null. */
export const rulesFault = (rules: readonly Rule[] = []): { path: string; why: string } | null => {
  for (const [at, rule] of rules.entries()) {
    const wrong = (field: string, why: string) => ({ path: `/rules/${at}/${field}`, why });
    if (rules.findIndex(({ name }) => name === rule.name) < at) return wrong('name', 'is taken by a rule above');
    if (!isTopicFilter(rule.topic))
      return wrong('topic', 'is not a topic filter: + and # stand for whole levels, # last');
    const { read = 'number', window } = rule;
    const pointer = pointerOf(read);
    if (pointer !== null && parsePointer(pointer) === null) return wrong('read', NO_POINTER);
    if ('timestamp' in window) {
      if (pointer === null) return wrong('window/timestamp', 'is a place in JSON or CBOR, and read is neither');
      if (parsePointer(window.timestamp) === null) return wrong('window/timestamp', NO_POINTER);
    }
    const { above, below } = rule.when;
    if (read === 'text' && (above !== undefined || below !== undefined)) {
      return wrong('when', 'compares numbers, and read is text; use equals');
    }
    if (above !== undefined && below !== undefined && below <= above) return wrong('when/below', 'must be over above');
  }
  return null;
};

const NO_POINTER = 'is not a JSON Pointer, like /values/0';

const pointerOf = (read: PayloadRead): string | null => {
  if (typeof read === 'string') return null;
  return 'json' in read ? read.json : read.cbor;
};
