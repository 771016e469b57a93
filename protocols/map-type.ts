import Type, { type Static, type TObjectOptions, type TSchema, type TString, type TUnsafe } from 'typebox';

/** A map from names to values. */
export interface TMap<Value extends TSchema> extends TUnsafe<Record<string, Static<Value>>> {
  type: 'object';
  patternProperties: Record<string, Value>;
}

/**
 * A map as `Type.Record` writes it. That one also takes unions, templates and mapped types as keys, and with them
 * TypeBox's whole calculus of types enters the bundle, 12 KB gzipped; names are strings.
 *
 * @param key members whose name matches its pattern, or all when it has none, are values
 */
export function mapType<Value extends TSchema>(
  key: TString & { pattern?: string },
  value: Value,
  options: TObjectOptions = {},
) {
  const schema = { type: 'object', patternProperties: { [key.pattern ?? '^.*$']: value }, ...options } as const;
  return Type.Unsafe<Record<string, Static<Value>>>(schema) as TMap<Value>;
}
