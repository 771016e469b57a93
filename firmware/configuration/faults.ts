/** A complaint of a compiled validator. */
export interface Fault {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/** Complaints that only repeat, from further out, what another one says. */
const ECHOES: readonly string[] = ['const', 'anyOf', 'additionalProperties'];

/** The complaint a person can use: of a union's alternatives, those of the one that the value comes closest to. */
export const likeliest = (faults: readonly Fault[]): Fault | undefined => {
  const alternativeOf = ({ schemaPath }: Fault): string => /^.*?\/anyOf\/\d+/.exec(schemaPath)?.[0] ?? '';
  const weight = (fault: Fault): number => {
    const alternative = alternativeOf(fault);
    const distance = alternative === '' ? 0 : faults.filter((other) => alternativeOf(other) === alternative).length;
    return ECHOES.includes(fault.keyword) ? distance + faults.length : distance;
  };
  return [...faults].sort((a, b) => weight(a) - weight(b))[0];
};

export const explain = ({ keyword, params, message }: Fault): string => {
  const { requiredProperties, allowedValues } = params as Record<string, readonly string[] | undefined>;
  if (keyword === 'boolean') return 'is not a field of a configuration';
  if (requiredProperties !== undefined) return `needs ${requiredProperties.join(', ')}`;
  if (allowedValues !== undefined) return `must be one of ${[...allowedValues].join(', ')}`;
  return message;
};

/** The value at a JSON pointer, shortened; never a password, nor what a URL has before its `@`. */
export const shown = (value: unknown, path: string): string => {
  let at = value;
  for (const key of path.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[key];
  const masked = (key: string, inner: unknown): unknown => {
    if (key === 'password') return '***';
    return typeof inner === 'string' ? inner.replace(/\/\/[^/?#]*@/, '//***@') : inner;
  };
  return (JSON.stringify(at, (key, inner) => masked(key || path.split('/').at(-1)!, inner)) ?? 'absent').slice(0, 80);
};
