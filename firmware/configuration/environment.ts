import { jsonOf } from '../../protocols/text.ts';
import { NodeError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { alternativesOf, pathsOf, type SchemaNode, takes } from './schema-walk.ts';

const PREFIX = 'MYRMEX_';
const LEVEL = '__';
/** Of the scripts and tests of this repository, which run nodes below themselves. */
const OF_THE_HOUSE = /^MYRMEX_(DATA|MUTATIONS|TEST_\w+|CI_\w+)$/;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Overridden {
  readonly value: unknown;
  /** The variables that had a say. */
  readonly names: readonly string[];
}

/**
 * Lays `MYRMEX_<PATH>` variables over a configuration: `MYRMEX_SITE`, `MYRMEX_BROKER__PASSWORD_FILE`,
 * `MYRMEX_EXPERTS__0`. Two underscores go a level down, single ones part words. What is not text is read as JSON. A
 * field that belongs to another kind of broker or sensor than the configured one replaces it. Empty means not set.
 *
 * @param schema of the whole configuration
 * @throws NodeError `badEnvironment`: a variable that names no field
 */
export const withEnvironment = (base: unknown, environment: Environment, schema: SchemaNode): Overridden => {
  const names = Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !OF_THE_HOUSE.test(name) && environment[name] !== '')
    .sort();
  let value = base;
  for (const name of names) {
    const path = pathOf(name, schema);
    value = put(schema, value, path, environment[name]!);
  }
  return { value, names };
};

/** The variable that sets a field: `["broker", "passwordFile"]` is `MYRMEX_BROKER__PASSWORD_FILE`. */
export const variableOf = (path: readonly string[]): string =>
  PREFIX + path.map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase()).join(LEVEL);

const pathOf = (name: string, schema: SchemaNode): readonly string[] => {
  const asWritten = name.slice(PREFIX.length).split(LEVEL);
  const known = pathsOf(schema).map(({ path }) => path);
  const levels = asWritten.map((level) => (/^\d+$/.test(level) ? '0' : level));
  const found = known.find((path) => variableOf(path) === PREFIX + levels.join(LEVEL));
  if (found !== undefined) return found.map((key, at) => (levels[at] === '0' ? asWritten[at]! : key));
  const hint = nearest(name, known.map(variableOf));
  throw new NodeError('badEnvironment', `${name} names no field of the configuration; the nearest is ${hint}`);
};

const put = (node: SchemaNode, target: unknown, path: readonly string[], text: string): unknown => {
  const alternatives = alternativesOf(node);
  const [key, ...rest] = path;
  if (key === undefined) return parse(text, alternatives);
  if (/^\d+$/.test(key)) return putElement(alternatives, Array.isArray(target) ? target : [], Number(key), rest, text);
  const before = typeof target === 'object' && target !== null ? (target as Record<string, unknown>) : {};
  const knowing = alternatives.filter(({ properties }) => properties?.[key] !== undefined);
  const inner = { anyOf: knowing.map(({ properties }) => properties![key]!) };
  const after = { ...before, [key]: put(inner, before[key], rest, text) };
  return ofOneKind(after, key, knowing);
};

const putElement = (
  alternatives: readonly SchemaNode[],
  list: readonly unknown[],
  at: number,
  rest: readonly string[],
  text: string,
): unknown[] => {
  const items = { anyOf: alternatives.flatMap((alternative) => alternative.items ?? []) };
  const after = [...list];
  // One past the end adds an element; further on would leave holes.
  const place = Math.min(at, after.length);
  after[place] = put(items, after[place], rest, text);
  return after;
};

/** Leaves out what the kind of thing that has the field just set does not know. */
const ofOneKind = (
  value: Readonly<Record<string, unknown>>,
  key: string,
  kinds: readonly SchemaNode[],
): Record<string, unknown> => {
  const tagged = kinds.filter(({ properties }) => {
    const tag = alternativesOf(properties![key]!);
    return tag.some((node) => !('const' in node) || node.const === value[key]);
  });
  const known = (kind: SchemaNode): string[] => Object.keys(value).filter((name) => kind.properties?.[name]);
  const [best] = [...(tagged.length > 0 ? tagged : kinds)].sort((a, b) => known(b).length - known(a).length);
  const kept = best === undefined ? Object.keys(value) : known(best);
  return Object.fromEntries(kept.map((name) => [name, value[name]]));
};

const parse = (text: string, alternatives: readonly SchemaNode[]): unknown => {
  const value = jsonOf(text);
  if (value === undefined) return text;
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return type !== 'string' && takes(alternatives, type) ? value : text;
};
