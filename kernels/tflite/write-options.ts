import type { Builder } from 'flatbuffers';
import type { OperatorOptions, OptionValue } from './model.ts';
import { OPTIONS_LAYOUTS, type OptionField } from './options.ts';
import { writeFloats, writeInts } from './write-vectors.ts';

/** Writes one options table by its layout; fields missing from `options.fields` keep their defaults. */
export function writeOptions(builder: Builder, options: OperatorOptions): number {
  const layout = OPTIONS_LAYOUTS[options.type - 1];
  if (layout === undefined) throw new RangeError(`no options table has the number ${options.type}`);
  const offsets = layout.fields.map((field) => writeIndirect(builder, field, options.fields[field.name]));
  builder.startObject(layout.fields.length);
  layout.fields.forEach((field, slot) => {
    writeField(builder, slot, field, options.fields[field.name], offsets[slot]!);
  });
  return builder.endObject();
}

/** Strings and vectors must be complete before the table that refers to them is begun; 0 = stored inline. */
function writeIndirect(builder: Builder, field: OptionField, value: OptionValue | undefined): number {
  if (field.kind === 'text') return value === undefined ? 0 : builder.createString(String(value));
  if (!Array.isArray(value)) return 0;
  return field.kind === 'f32s' ? writeFloats(builder, value) : writeInts(builder, value);
}

function writeField(
  builder: Builder,
  slot: number,
  field: OptionField,
  value: OptionValue | undefined,
  offset: number,
): void {
  if (offset !== 0) builder.addFieldOffset(slot, offset, 0);
  if (value === undefined || offset !== 0) return;
  switch (field.kind) {
    case 'i8':
    case 'bool':
      builder.addFieldInt8(slot, Number(value), field.absent);
      break;
    case 'i32':
      builder.addFieldInt32(slot, Number(value), field.absent);
      break;
    case 'f32':
      builder.addFieldFloat32(slot, Number(value), 0);
      break;
    case 'i64':
      builder.addFieldInt64(slot, BigInt(value as bigint), 0n);
      break;
  }
}
