import Type from 'typebox';

/** No field that the schema does not know: a misspelt one would be silently without effect. */
export const closed = { additionalProperties: false } as const;
export const Share = Type.Number({ minimum: 0, maximum: 1 });
export const Seed = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const Path = Type.String({ minLength: 1, maxLength: 4_096 });
/** Up to a day. */
export const Millis = Type.Number({ minimum: 0, maximum: 86_400_000 });
