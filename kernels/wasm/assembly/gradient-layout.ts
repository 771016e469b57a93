// Words of a window's geometry as the gradient kernels read it, in bytes from its start; all int32. Shared with the
// TypeScript that writes it.

export const BATCH = 0;
export const IN_HEIGHT = 4;
export const IN_WIDTH = 8;
export const IN_CHANNELS = 12;
export const OUT_HEIGHT = 16;
export const OUT_WIDTH = 20;
export const FILTER_HEIGHT = 24;
export const FILTER_WIDTH = 28;
export const STRIDE_HEIGHT = 32;
export const STRIDE_WIDTH = 36;
export const DILATION_HEIGHT = 40;
export const DILATION_WIDTH = 44;
export const PAD_TOP = 48;
export const PAD_LEFT = 52;
/** Output channels per input channel of a depthwise convolution. */
export const MULTIPLIER = 56;
export const GEOMETRY_BYTES = 64;
