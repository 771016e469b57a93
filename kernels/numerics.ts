/**
 * How int8 and int16 results are rounded. `fp32-rne` is the form of XNNPACK and LiteRT, rne(float32(acc) × scale): the
 * default, and the only one that adapters, tasks and everything hashed use. `reference` is the two-stage integer
 * rounding of TFLite's reference kernels, TFLite Micro and CMSIS-NN (gemmlowp's fixed point). They differ in the last
 * bit.
 */
export type Numerics = 'fp32-rne' | 'reference';
