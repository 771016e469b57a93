/** Columns of a panel; `dense` in kernels/wasm/assembly walks the same layout. */
export const PANEL_COLUMNS = 16;

/** Panels for `out` columns. */
export function panelCount(out: number): number {
  return Math.ceil(out / PANEL_COLUMNS);
}

/** Pairs of consecutive k in a run of `inFeatures`, the last one completed with a zero weight. */
export function pairCount(inFeatures: number): number {
  return (inFeatures + 1) >> 1;
}

/** Bytes of the packed weights of a dense layer. */
export function packedBytes(inFeatures: number, out: number): number {
  return panelCount(out) * pairCount(inFeatures) * 2 * PANEL_COLUMNS * 2;
}

/**
 * Packs int8 weights [out × in] as int16 panels of 16 columns (KERNELS.md, decision 1): in a panel, for each pair of
 * k, column 0 (k, k+1), column 1 (k, k+1), … so that one vector meets four columns and one pair of inputs. `packed`
 * must be zero: columns and k beyond the layer stay so.
 */
export function packPanels(weights: Int8Array, inFeatures: number, out: number, packed: Int16Array): void {
  const pairs = pairCount(inFeatures);
  for (let column = 0; column < out; column++) {
    const lane = (column % PANEL_COLUMNS) * 2;
    const panel = Math.floor(column / PANEL_COLUMNS) * pairs * 2 * PANEL_COLUMNS;
    const row = column * inFeatures;
    for (let k = 0; k < inFeatures; k++) {
      packed[panel + (k >> 1) * 2 * PANEL_COLUMNS + lane + (k & 1)] = weights[row + k]!;
    }
  }
}
