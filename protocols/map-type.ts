import Type, { type Static, type TObjectOptions, type TSchema, type TString, type TUnsafe } from 'typebox';

/** A map from names to values. */
export interface TMap<Value extends TSchema> extends TUnsafe<Record<string, Static<Value>>> {
  type: 'object';
  patternProperties: Record<string, Value>;
  additionalProperties: false;
}

/** What a key may be: its pattern, or its least and greatest length. */
type Key = TString & { pattern?: string; minLength?: number; maxLength?: number };

/**
 * A map, closed. `Type.Record` leaves it open: beside the members whose names are sound it lets any other pass, with
 * any value, and it overlooks the lengths of a name. It also takes unions, templates and mapped types as keys, and with
 * them TypeBox's whole calculus of types enters the bundle, 12 KB gzipped; names are strings.
 */
export function mapType<Value extends TSchema>(key: Key, value: Value, options: TObjectOptions = {}) {
  const schema = {
    type: 'object',
    patternProperties: { [key.pattern ?? lengths(key)]: value },
    additionalProperties: false,
    ...options,
  } as const;
  const map = Type.Unsafe<Record<string, Static<Value>>>(schema);
  // To JSON Schema a byte string of CBOR is an object too, whose members are numbers: '0', '1', …
  return Type.Refine(map, (value) => !(value instanceof Uint8Array)) as unknown as TMap<Value>;
}

/** Line breaks are characters of a name as well, which `.` is not. */
function lengths({ minLength = 0, maxLength }: Key): string {
  return `^[\\s\\S]{${minLength},${maxLength ?? ''}}$`;
}
