import Type from 'typebox';
import { LIMITS } from './limits.ts';

/**
 * Names of sites, nodes and operators: 1 to 64 of `a-z 0-9 . _ -`, the first a letter or a digit. The alphabet keeps
 * MQTT's wildcards and separators (`+ # /`, [MQTT-4.7.1-1]) and path tricks (`..`, hidden files) out by construction.
 */
const NAME = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${LIMITS.nameCharsMax - 1}}$`);

/** Says whether `text` may name a site, a node or an operator. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The operator's own name among a site's: no node, person or program may be called so. */
export const FLEET = 'fleet';

/** What to tell a person whose name was refused. */
export const NAME_RULE = `1 to ${LIMITS.nameCharsMax} of a-z 0-9 . _ -, beginning with a letter or a digit`;

export const Name = Type.String({ pattern: NAME.source, maxLength: LIMITS.nameCharsMax });

/** The sender of an envelope: `<site>/<name>`. */
export const Sender = Type.String({
  pattern: `${NAME.source.slice(0, -1)}/${NAME.source.slice(1)}`,
  maxLength: 2 * LIMITS.nameCharsMax + 1,
});

/** A class name, as the model's card spells it. */
export const ClassName = Type.String({ minLength: 1, maxLength: LIMITS.classCharsMax });
