// Layout of the records that `run` walks, in bytes from the start of a record; shared by the kernels and by the
// TypeScript that writes them. Every field is one 32-bit word: an address, a count or, where it says so, a float32.

/** Bytes of one record: two cache lines. */
export const RECORD_BYTES = 128;

/** Which kernel a record is for. */
export const KIND = 0;

export const KIND_DENSE = 0;
export const KIND_CONVOLUTION = 1;
export const KIND_DEPTHWISE = 2;
export const KIND_WIDEN = 3;
export const KIND_BORDER = 4;
export const KIND_WINOGRAD = 5;
export const KIND_SUM = 6;
export const KIND_POOL = 7;
export const KIND_LOOKUP = 8;
export const KIND_WINOGRAD_LINE = 9;

/** What layers with weights share. */
/** Packed weights. */
export const WEIGHTS = 4;
/** int32 per output channel: the accumulator before the first product. */
export const START = 8;
/** float32 per output channel. */
export const SCALE = 12;
/** First element of the input, and of the output. */
export const INPUT = 16;
export const OUTPUT = 20;
export const OUT_CHANNELS = 24;
/** 1: the output is int16 and holds q − zeroPoint; 0: it is int8 and holds q. */
export const OUT_WIDE = 28;
/** float32: the activation range minus the zero point. */
export const LOW = 32;
export const HIGH = 36;
export const ZERO_POINT = 40;
/** 1: weights are stored as int8 and widened when they are used. */
export const COMPACT = 44;

/** 1: every accumulator times its scale stays below 2^22, whatever the input. */
export const BOUNDED = 116;

/** Dense: 1 when weights are coupled, two to an int16 (dense-coupled.ts); `COMPACT` says nothing then. */
export const COUPLED = 124;

/** Pixels of the output, rounded up to whole tiles, and their byte offsets in input and output. */
export const PIXELS = 48;
/** Of them, after the last whole tile: 0 to 2 that are taken one at a time. */
export const SINGLE_PIXELS = 120;
export const INPUT_OFFSETS = 52;
export const OUTPUT_OFFSETS = 56;

/** Convolution: runs of consecutive inputs of one pixel, their byte offsets, and pairs of k in each. */
export const SEGMENTS = 60;
export const SEGMENT_OFFSETS = 64;
/** Also of a dense layer. */
export const PAIRS = 68;
/** Of the last one or two channels, where these are a panel, as `restTiles` has them; 0: these are in the panel. */
export const REST_WEIGHTS = 124;

/** Adapters: number of the point, or −1; real value of an accumulator unit, float32 per output channel; scratch. */
export const ORDINAL = 72;
export const UNIT = 76;
export const ADJUSTED = 80;
export const HIDDEN = 84;
export const IN_FEATURES = 88;
/** float32 */
export const INPUT_SCALE = 92;

/** Depthwise: byte offsets of the taps, in pairs; the number of pairs. */
export const TAP_OFFSETS = 60;
export const TAP_PAIRS = 64;
/** Output channels per input channel. */
export const DEPTH_MULTIPLIER = 68;
/** Where that is not 1, 32 bytes per block of eight outputs: which of the four channels that it reads goes where. */
export const PATTERNS = 76;

/** Widen: rows of int8 that lie one after the other become rows of int16 a stride apart. */
export const WIDEN_ROWS = 48;
export const WIDEN_COUNT = 52;
export const WIDEN_STRIDE = 56;

/** Border: images of rows; the bytes before the first row, between two rows and after the last are set to zero. */
export const BORDER_IMAGES = 48;
export const BORDER_ROWS = 52;
export const BORDER_BEFORE = 56;
export const BORDER_BETWEEN = 60;
export const BORDER_AFTER = 64;
/** Bytes of a row's own values. */
export const BORDER_ROW_BYTES = 68;

/** Entries of the table of adapters, one per point; an entry whose A is 0 is no adapter. */
export const ADAPTER_BYTES = 32;
export const ADAPTER_A = 0;
export const ADAPTER_A_SCALE = 4;
export const ADAPTER_B = 8;
export const ADAPTER_BIAS = 12;
export const ADAPTER_RANK = 16;
/** float32 */
export const ADAPTER_SCALING = 20;

/** Winograd: tiles at a time, a multiple of 4; bytes of the channels of a transformed pixel, and of those that meet
 * weights, whole pairs; steps of the input, of which a line has one, WINOGRAD_COLUMN_BYTES. */
export const WINOGRAD_BLOCK = 60;
export const WINOGRAD_CHANNEL_BYTES = 64;
export const WINOGRAD_WEIGHED_BYTES = 120;
export const WINOGRAD_ROW_BYTES = 68;
export const WINOGRAD_COLUMN_BYTES = 96;
/** A table: bytes of the channels of one part of the filter, whole pairs; then where the inputs of each part begin. */
export const WINOGRAD_PARTS = 124;
/** Scratch: int16 [elements × block × channels], int32 [elements × block × 8]; 36 elements, of a line 6. */
export const WINOGRAD_TRANSFORMED = 108;
export const WINOGRAD_PRODUCTS = 112;

/** Runs of consecutive inputs of one pixel, as the model has them, for adapters and gathering: byte offsets, values. */
export const RUN_OFFSETS = 100;
export const RUN_LENGTH = 104;

/** Convolution with gathered segments: their number, 0 where segments are read where they lie. */
export const GATHER_SEGMENTS = 96;
/** Scratch for a block of pixels, and the byte offsets of its rows. */
export const GATHERED = 108;
export const GATHER_ROWS = 112;

/** Rows of values one after the other, as operators without weights walk them: per image, in elements and bytes. */
export const ROW_IMAGES = 48;
export const ROW_COUNT = 52;
export const ROW_VALUES = 56;
/** Bytes from row to row, and from image to image, of the output and of the operands. */
export const ROW_OUTPUT = 60;
export const IMAGE_OUTPUT = 64;
export const ROW_A = 68;
export const IMAGE_A = 76;
export const ROW_B = 80;
export const IMAGE_B = 84;

/** Sum: second operand; both multipliers as 2^11 × high + low, in pairs of int16; half of the divisor; its exponent. */
export const OPERAND_B = 88;
export const MULTIPLIERS_HIGH = 92;
export const MULTIPLIERS_LOW = 96;
export const HALF = 100;
export const SHIFT = 104;
/** int32: the range of the output minus its zero point; of pools, of its values themselves. */
export const LOWEST = 108;
export const HIGHEST = 112;

/** Pools: three words a pixel of the output: byte offset of the window's first pixel, its rows, its columns. */
export const WINDOWS = 60;
export const POOL_ROW_BYTES = 64;
export const POOL_PIXEL_BYTES = 68;
/** What becomes of the values of a window. */
export const POOL_MODE = 76;
export const POOL_GREATEST = 0;
/** The sum over their number, rounded half away from zero, on one scale; the zero point enters with each value. */
export const POOL_AVERAGE = 1;
/** Their sum without zero points, requantised. */
export const POOL_SCALED = 2;
/** float32, of POOL_SCALED. */
export const POOL_SCALE = 80;
export const POOL_ZERO_POINT = 84;

/** Lookup: a table of 256 int16 (wide) or int8, indexed by q + 128. */
export const TABLE = 60;

// Geometry of a window as the gradient kernels read it, in bytes from its start; all int32.

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
