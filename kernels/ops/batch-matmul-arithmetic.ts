import { type MatmulGeometry, matrixOffset } from './batch-matmul-geometry.ts';
import { multiplyWide, type WideMultiplier } from './fixed-point-wide.ts';

/** Integers of an int8 product: out = clamp(requantise(Σ (x − lhsZeroPoint)(y − rhsZeroPoint)) + outputZeroPoint). */
export interface Int8Matmul {
  readonly lhsZeroPoint: number;
  readonly rhsZeroPoint: number;
  readonly outputZeroPoint: number;
  /** Multiplies an int32 accumulator by s_lhs × s_rhs / s_out and rounds it as the numerics in force do. */
  readonly requantise: (accumulator: number) => number;
}

/**
 * int8 product with an int32 accumulator (TFLite, kernels/internal/reference/batch_matmul.h). Each operand is the whole
 * tensor.
 */
export function matmulInt8(g: MatmulGeometry, p: Int8Matmul, lhs: Int8Array, rhs: Int8Array, out: Int8Array): void {
  forEachProduct(g, (left, right, to) => {
    let x = left;
    let y = right;
    let sum = 0;
    for (let k = 0; k < g.depth; k++) {
      sum = (sum + (lhs[x]! - p.lhsZeroPoint) * (rhs[y]! - p.rhsZeroPoint)) | 0;
      x += g.lhsDepthStride;
      y += g.rhsDepthStride;
    }
    const value = p.requantise(sum) + p.outputZeroPoint;
    out[to] = Math.max(-128, Math.min(127, value));
  });
}

/** int16 product, symmetric, whose accumulator needs up to 48 bits: exact as a double. */
export function matmulInt16(
  g: MatmulGeometry,
  multiplier: WideMultiplier,
  lhs: Int16Array,
  rhs: Int16Array,
  out: Int16Array,
): void {
  forEachProduct(g, (left, right, to) => {
    let x = left;
    let y = right;
    let sum = 0;
    for (let k = 0; k < g.depth; k++) {
      sum += lhs[x]! * rhs[y]!;
      x += g.lhsDepthStride;
      y += g.rhsDepthStride;
    }
    out[to] = Math.max(-32768, Math.min(32767, multiplyWide(sum, multiplier)));
  });
}

/** float32 product, rounded after each operation, in the order of the depth. */
export function matmulFloat32(g: MatmulGeometry, lhs: Float32Array, rhs: Float32Array, out: Float32Array): void {
  forEachProduct(g, (left, right, to) => {
    let x = left;
    let y = right;
    let sum = 0;
    for (let k = 0; k < g.depth; k++) {
      sum = Math.fround(sum + Math.fround(lhs[x]! * rhs[y]!));
      x += g.lhsDepthStride;
      y += g.rhsDepthStride;
    }
    out[to] = sum;
  });
}

/** Visits every dot product, in the order of the output: the first element of its row and its column, and its place. */
function forEachProduct(g: MatmulGeometry, visit: (left: number, right: number, to: number) => void): void {
  let to = 0;
  for (let batch = 0; batch < g.batches; batch++) {
    const left = matrixOffset(g.batchShape, g.lhsBatchStrides, batch);
    const right = matrixOffset(g.batchShape, g.rhsBatchStrides, batch);
    for (let row = 0; row < g.rows; row++) {
      for (let column = 0; column < g.columns; column++) {
        visit(left + row * g.lhsRowStride, right + column * g.rhsColumnStride, to++);
      }
    }
  }
}
