/** How BATCH_MATMUL walks its operands. Strides are in elements; a batch dimension that is broadcast has stride 0. */
export interface MatmulGeometry {
  /** Batch dimensions of the output, outermost first. */
  readonly batchShape: readonly number[];
  readonly lhsBatchStrides: readonly number[];
  readonly rhsBatchStrides: readonly number[];
  /** Product of the batch dimensions. */
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  /** Length of each dot product. */
  readonly depth: number;
  readonly lhsRowStride: number;
  readonly lhsDepthStride: number;
  readonly rhsColumnStride: number;
  readonly rhsDepthStride: number;
  /** [...batchShape, rows, columns] */
  readonly outputShape: readonly number[];
}

/**
 * lhs [..., rows, depth] × rhs [..., depth, columns], with the last two dimensions of either swapped where it is
 * adjoint; batch dimensions broadcast from the right as in NumPy. A string says why two shapes do not fit.
 */
export function matmulGeometry(
  lhs: readonly number[],
  rhs: readonly number[],
  lhsAdjoint: boolean,
  rhsAdjoint: boolean,
): MatmulGeometry | string {
  if (lhs.length < 2 || rhs.length < 2) return `multiplies [${lhs}] by [${rhs}], which are not both matrices`;
  const [lhsOuter, lhsInner] = [lhs.at(-2)!, lhs.at(-1)!];
  const [rhsOuter, rhsInner] = [rhs.at(-2)!, rhs.at(-1)!];
  const [rows, depth] = lhsAdjoint ? [lhsInner, lhsOuter] : [lhsOuter, lhsInner];
  const [columns, rhsDepth] = rhsAdjoint ? [rhsOuter, rhsInner] : [rhsInner, rhsOuter];
  const rank = Math.max(lhs.length, rhs.length) - 2;
  const [lhsBatch, rhsBatch] = [batchDimensions(lhs, rank), batchDimensions(rhs, rank)];
  const fits = lhsBatch.every((size, at) => size === rhsBatch[at] || size === 1 || rhsBatch[at] === 1);
  if (depth !== rhsDepth || !fits) {
    return `multiplies [${lhs}]${lhsAdjoint ? ' transposed' : ''} by [${rhs}]${rhsAdjoint ? ' transposed' : ''}`;
  }
  const batchShape = lhsBatch.map((size, at) => Math.max(size, rhsBatch[at]!));
  return {
    batchShape,
    lhsBatchStrides: batchStrides(lhsBatch, rows * depth),
    rhsBatchStrides: batchStrides(rhsBatch, depth * columns),
    batches: batchShape.reduce((product, size) => product * size, 1),
    rows,
    columns,
    depth,
    lhsRowStride: lhsAdjoint ? 1 : depth,
    lhsDepthStride: lhsAdjoint ? rows : 1,
    rhsColumnStride: rhsAdjoint ? depth : 1,
    rhsDepthStride: rhsAdjoint ? 1 : columns,
    outputShape: [...batchShape, rows, columns],
  };
}

/** First element of an operand's matrix for one batch of the output. */
export function matrixOffset(batchShape: readonly number[], strides: readonly number[], batch: number): number {
  let rest = batch;
  let offset = 0;
  for (let dimension = batchShape.length - 1; dimension >= 0; dimension--) {
    const size = batchShape[dimension]!;
    offset += (rest % size) * strides[dimension]!;
    rest = Math.floor(rest / size);
  }
  return offset;
}

/** Dimensions before the matrix, completed with ones on the left. */
function batchDimensions(shape: readonly number[], rank: number): number[] {
  const own = shape.slice(0, -2);
  return [...new Array<number>(rank - own.length).fill(1), ...own];
}

function batchStrides(dimensions: readonly number[], matrix: number): number[] {
  const strides = new Array<number>(dimensions.length).fill(0);
  let step = matrix;
  for (let at = dimensions.length - 1; at >= 0; at--) {
    if (dimensions[at] !== 1) strides[at] = step;
    step *= dimensions[at]!;
  }
  return strides;
}
