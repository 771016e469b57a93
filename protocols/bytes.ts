import Type from 'typebox';

/**
 * A byte string as a TypeBox schema. TypeBox 1.x has no type for `Uint8Array` (JSON has none): it is made once, here.
 *
 * @param bytesMax longest accepted length in bytes
 * @param bytesMin shortest accepted length in bytes
 */
export function bytesType(bytesMax: number, bytesMin = 0) {
  return Type.Unsafe<Uint8Array>(
    Type.Refine(
      Type.Unknown(),
      (value) => value instanceof Uint8Array && value.length >= bytesMin && value.length <= bytesMax,
    ),
  );
}
