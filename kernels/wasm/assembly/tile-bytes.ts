/** Bytes that a tile of four pixels takes in a table of offsets. */
export const TILE_BYTES: usize = 16;
