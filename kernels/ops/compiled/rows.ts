import {
  IMAGE_A,
  IMAGE_B,
  IMAGE_OUTPUT,
  ROW_A,
  ROW_B,
  ROW_COUNT,
  ROW_IMAGES,
  ROW_OUTPUT,
  ROW_VALUES,
} from '../../wasm/assembly/records.ts';
import type { RecordWriter } from '../../wasm/record-writer.ts';
import { isNoBorder, type WideLayout } from '../../wide-layout.ts';
import type { Placement } from '../operator.ts';

/** Fields of the places that an elementwise kernel walks together. */
const STRIDES = {
  output: [ROW_OUTPUT, IMAGE_OUTPUT],
  a: [ROW_A, IMAGE_A],
  b: [ROW_B, IMAGE_B],
} as const;

/**
 * Writes how an elementwise kernel walks `elements` values in several places at once: in one run when nobody has a
 * border, else row by row of the tensor that has one.
 *
 * @param places dense (int8) or wide; tensors of one shape
 */
export function writeRows(
  record: RecordWriter,
  elements: number,
  places: Readonly<Partial<Record<keyof typeof STRIDES, Placement>>>,
): RecordWriter {
  const named = Object.entries(places) as [keyof typeof STRIDES, Placement][];
  const bordered = named
    .map(([, { layout }]) => layout)
    .find((layout) => layout !== null && !isNoBorder(layout.border));
  const images = bordered?.batch ?? 1;
  const rows = bordered?.height ?? 1;
  const values = elements / (images * rows);
  record.int(ROW_IMAGES, images).int(ROW_COUNT, rows).int(ROW_VALUES, values);
  for (const [name, { layout }] of named) {
    const [row, image] = STRIDES[name];
    const rowBytes = strideOf(layout, values);
    record.int(row, rowBytes).int(image, imageStride(layout, rowBytes * rows));
  }
  return record;
}

function strideOf(layout: WideLayout | null, values: number): number {
  if (layout === null) return values;
  return isNoBorder(layout.border) ? 2 * values : layout.rowBytes;
}

function imageStride(layout: WideLayout | null, bytes: number): number {
  return layout === null || isNoBorder(layout.border) ? bytes : layout.imageBytes;
}
