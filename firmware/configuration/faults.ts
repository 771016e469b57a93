import { masked } from './secrets.ts';

/** A complaint of a compiled validator. */
export interface Fault {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/** A value that is wrong: its JSON pointer (RFC 6901), and what was expected instead. */
export interface WrongValue {
  readonly path: string;
  readonly why: string;
}

/** A wrong tag (`kind`, `embedded`) says that another alternative was meant; a missing or strange field hardly does. */
const TAG_WEIGHT = 1_000;

/** What a person can use of a validator's complaints: of each union, those of the alternative that comes closest. */
export const explainAll = (faults: readonly Fault[]): WrongValue[] => {
  const { loose, unions } = sorted(faults);
  // `additionalProperties` only repeats, from further out, what `boolean` says at each strange field.
  const own = loose.filter(({ keyword }) => keyword !== 'additionalProperties');
  return [
    ...own.map((fault) => ({ path: fault.instancePath, why: explain(fault) })),
    ...unions.flatMap((union) => explainUnion(union, faults)),
  ];
};

/** The outermost unions among the complaints, and the complaints that lie in none. */
const sorted = (faults: readonly Fault[]): { loose: Fault[]; unions: Fault[] } => {
  const unions = faults.filter((fault) => fault.keyword === 'anyOf');
  return {
    loose: faults.filter((fault) => fault.keyword !== 'anyOf' && !unions.some((union) => isInside(fault, union))),
    unions: unions.filter((union) => !unions.some((other) => other !== union && isInside(union, other))),
  };
};

const explainUnion = (union: Fault, faults: readonly Fault[]): WrongValue[] => {
  const all = alternativesOf(union, faults);
  const choices = commonChoices(all);
  if (choices !== null) return [choices];
  const [closest] = all.sort((a, b) => weight(a) - weight(b));
  return closest === undefined ? [{ path: union.instancePath, why: union.message }] : explainAll(closest);
};

/** The complaints of each alternative of a union. */
const alternativesOf = (union: Fault, faults: readonly Fault[]): Fault[][] => {
  const alternatives = new Map<string, Fault[]>();
  for (const fault of faults.filter((candidate) => isInside(candidate, union))) {
    const name = /^\d+/.exec(fault.schemaPath.slice(`${union.schemaPath}/anyOf/`.length))?.[0] ?? '';
    alternatives.set(name, [...(alternatives.get(name) ?? []), fault]);
  }
  return [...alternatives.values()];
};

/** When every alternative wants another constant at one and the same place: all of them together. */
const commonChoices = (alternatives: readonly (readonly Fault[])[]): WrongValue | null => {
  const tags = alternatives.map((faults) => faults.find(({ keyword }) => keyword === 'const'));
  const [first] = tags;
  if (first === undefined || tags.some((tag) => tag?.instancePath !== first.instancePath)) return null;
  const values = tags.map((tag) => (tag?.params as { allowedValue?: unknown }).allowedValue);
  const several = [...new Set(values.map(String))];
  return { path: first.instancePath, why: `must be ${several.length > 1 ? 'one of ' : ''}${several.join(', ')}` };
};

/** A union inside weighs as much as its own closest alternative: nobody meant the others. */
const weight = (faults: readonly Fault[]): number => {
  const { loose, unions } = sorted(faults);
  const own = loose.reduce((sum, { keyword }) => sum + (keyword === 'const' ? TAG_WEIGHT : 1), 0);
  const inside = unions.map((union) => Math.min(...alternativesOf(union, faults).map(weight), TAG_WEIGHT));
  return inside.reduce((sum, least) => sum + least, own);
};

const isInside = (fault: Fault, union: Fault): boolean =>
  fault.schemaPath.startsWith(`${union.schemaPath}/anyOf/`) &&
  (fault.instancePath === union.instancePath || fault.instancePath.startsWith(`${union.instancePath}/`));

const explain = ({ keyword, params, message }: Fault): string => {
  const { requiredProperties, allowedValues, allowedValue } = params as Record<string, unknown>;
  if (keyword === 'boolean') return 'is not a field of a configuration';
  if (Array.isArray(requiredProperties)) return `needs ${requiredProperties.join(', ')}`;
  if (Array.isArray(allowedValues)) return `must be one of ${allowedValues.join(', ')}`;
  if (allowedValue !== undefined) return `must be ${String(allowedValue)}`;
  return message;
};

/** The value at a JSON pointer, shortened and without secrets. */
export const shown = (value: unknown, path: string): string => {
  let at = value;
  let key = '';
  for (key of path.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[key];
  return (JSON.stringify(masked(at, key)) ?? 'absent').slice(0, 80);
};
