import Type from 'typebox';

/** 0 … 1. The float32 nearest to 1 is 1, so rounding on the wire never leaves the range. */
export const Probability = Type.Number({ minimum: 0, maximum: 1 });

/** A whole number from 0 to 2^53 - 1. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Tells the lives of one node apart, which its memory did not outlive: 32 random bits, never 0. */
export const Life = Type.Integer({ minimum: 1, maximum: 0xffff_ffff });

/** A length of time in microseconds or milliseconds, or a distance: finite and not negative. */
export const Magnitude = Type.Number({ minimum: 0 });

/** Any number that float32 can hold. */
export const Finite = Type.Number({ minimum: -3.4e38, maximum: 3.4e38 });
