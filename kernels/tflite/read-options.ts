import { requireWellFormed } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import type { FlatbufferTable } from './flatbuffer.ts';
import type { OperatorOptions, OptionValue } from './model.ts';
import { OPTIONS_LAYOUTS, type OptionField } from './options.ts';

/** Slots of `builtin_options` in the Operator table: a union is its type byte followed by its table. */
const TYPE_SLOT = 3;
const TABLE_SLOT = 4;

/** Reads the builtin options of an Operator table by the layout of its union type; null when it has none. */
export function readOptions(operator: FlatbufferTable, limits: ModelLimits): OperatorOptions | null {
  const type = operator.uint8(TYPE_SLOT);
  if (type === 0) return null;
  const layout = OPTIONS_LAYOUTS[type - 1];
  requireWellFormed(layout !== undefined, `options of the unknown type ${type}`);
  const table = operator.table(TABLE_SLOT, `${layout.name} options`);
  const fields: Record<string, OptionValue> = {};
  if (table !== null) {
    layout.fields.forEach((field, slot) => {
      fields[field.name] = readField(table, slot, field, limits);
    });
  } else {
    // An absent table means that every field has its default.
    for (const field of layout.fields) fields[field.name] = defaultValue(field);
  }
  return { type, fields };
}

function readField(table: FlatbufferTable, slot: number, field: OptionField, limits: ModelLimits): OptionValue {
  switch (field.kind) {
    case 'i8':
      return table.int8(slot, field.absent);
    case 'bool':
      return table.int8(slot, field.absent) !== 0;
    case 'i32':
      return table.int32(slot, field.absent);
    case 'i64':
      return table.int64(slot);
    case 'f32':
      return table.float32(slot);
    case 'text':
      return table.string(slot, limits.nameBytesMax);
    case 'i32s':
      return table.int32s(slot, limits.operatorTensorsMax, field.name);
    case 'f32s':
      return Array.from(table.float32s(slot, limits.operatorTensorsMax, field.name));
  }
}

function defaultValue(field: OptionField): OptionValue {
  switch (field.kind) {
    case 'bool':
      return field.absent !== 0;
    case 'i64':
      return 0n;
    case 'text':
      return '';
    case 'i32s':
    case 'f32s':
      return [];
    default:
      return field.absent;
  }
}
