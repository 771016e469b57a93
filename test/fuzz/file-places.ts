import { OPTIONS_LAYOUTS, type OptionKind } from '../../kernels/tflite/options.ts';

/** A number in a file that means something. */
export interface Place {
  /** Way through the schema, e.g. `subgraph 0 tensor 3 shape 1`. */
  readonly what: string;
  readonly at: number;
  readonly bytes: number;
}

/** What a slot of a table holds: bytes of a number, a vector of such, one table or a vector of tables, or options. */
type Slot =
  | number
  | { readonly vector: number }
  | { readonly table: Schema }
  | { readonly tables: Schema }
  | { readonly options: 'of the slot before' };
type Schema = readonly (readonly [slot: number, name: string, holds: Slot])[];

/** The parts of tensorflow/lite/schema/schema.fbs that the reader reads. */
const QUANTISATION: Schema = [
  [0, 'min', { vector: 4 }],
  [1, 'max', { vector: 4 }],
  [2, 'scale', { vector: 4 }],
  [3, 'zero point', { vector: 8 }],
  [4, 'details type', 1],
  [6, 'quantised dimension', 4],
];
const TENSOR: Schema = [
  [0, 'shape', { vector: 4 }],
  [1, 'type', 1],
  [2, 'buffer', 4],
  [3, 'name', { vector: 1 }],
  [4, 'quantisation', { table: QUANTISATION }],
  [5, 'variable', 1],
  [7, 'signature', { vector: 4 }],
];
const OPERATOR: Schema = [
  [0, 'opcode', 4],
  [1, 'inputs', { vector: 4 }],
  [2, 'outputs', { vector: 4 }],
  [3, 'options type', 1],
  [4, 'options', { options: 'of the slot before' }],
  [5, 'custom options', { vector: 1 }],
  [8, 'intermediates', { vector: 4 }],
];
const SUBGRAPH: Schema = [
  [0, 'tensor', { tables: TENSOR }],
  [1, 'inputs', { vector: 4 }],
  [2, 'outputs', { vector: 4 }],
  [3, 'operator', { tables: OPERATOR }],
];
const CODE: Schema = [
  [0, 'old code', 1],
  [1, 'custom', { vector: 1 }],
  [2, 'version', 4],
  [3, 'code', 4],
];
const MODEL: Schema = [
  [0, 'version', 4],
  [1, 'operator code', { tables: CODE }],
  [2, 'subgraph', { tables: SUBGRAPH }],
  [4, 'buffer', { tables: [[0, 'data', { vector: 1 }]] }],
  [6, 'metadata', { tables: [[1, 'buffer', 4]] }],
];

const OPTION_SLOTS: Readonly<Record<OptionKind, Slot>> = {
  i8: 1,
  bool: 1,
  i32: 4,
  f32: 4,
  i64: 8,
  text: { vector: 1 },
  i32s: { vector: 4 },
  f32s: { vector: 4 },
};
/** Values of a vector that are listed; weights have thousands. */
const VALUES_MAX = 16;

/**
 * Every number of a sound file that the reader follows: fields, offsets, lengths of vectors and entries of vtables.
 * Written after the flatbuffers description of the format and not after our reader.
 */
export function placesOf(file: Uint8Array): Place[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const places: Place[] = [{ what: 'root', at: 0, bytes: 4 }];
  const target = (at: number): number => at + view.getUint32(at, true);

  const vector = (what: string, at: number, size: number): void => {
    places.push({ what: `offset of ${what}`, at, bytes: 4 });
    const head = target(at);
    places.push({ what: `length of ${what}`, at: head, bytes: 4 });
    const length = Math.min(VALUES_MAX, view.getUint32(head, true));
    for (let index = 0; index < length; index++) {
      places.push({ what: `${what} ${index}`, at: head + 4 + index * size, bytes: size });
    }
  };

  const table = (what: string, position: number, schema: Schema): void => {
    places.push({ what: `vtable offset of ${what}`, at: position, bytes: 4 });
    const vtable = position - view.getInt32(position, true);
    places.push({ what: `vtable length of ${what}`, at: vtable, bytes: 2 });
    places.push({ what: `table length of ${what}`, at: vtable + 2, bytes: 2 });
    const length = view.getUint16(vtable, true);
    const fieldAt = (slot: number): number => {
      const entry = 4 + 2 * slot;
      const offset = entry < length ? view.getUint16(vtable + entry, true) : 0;
      return offset === 0 ? 0 : position + offset;
    };
    for (const [slot, name, holds] of schema) {
      const at = fieldAt(slot);
      if (at === 0) continue;
      places.push({ what: `vtable entry of ${what} ${name}`, at: vtable + 4 + 2 * slot, bytes: 2 });
      field(`${what} ${name}`, at, holds, fieldAt(slot - 1));
    }
  };

  const field = (what: string, at: number, holds: Slot, before: number): void => {
    if (typeof holds === 'number') {
      places.push({ what, at, bytes: holds });
      return;
    }
    if ('vector' in holds) {
      vector(what, at, holds.vector);
      return;
    }
    if ('tables' in holds) {
      vector(what, at, 4);
      const head = target(at);
      for (let index = 0; index < view.getUint32(head, true); index++) {
        table(`${what} ${index}`, target(head + 4 + 4 * index), holds.tables);
      }
      return;
    }
    places.push({ what: `offset of ${what}`, at, bytes: 4 });
    const layout = 'options' in holds ? OPTIONS_LAYOUTS[(before === 0 ? 0 : view.getUint8(before)) - 1] : undefined;
    const options = layout?.fields.map(({ name, kind }, slot) => [slot, name, OPTION_SLOTS[kind]] as const) ?? [];
    table(what, target(at), 'table' in holds ? holds.table : options);
  };

  table('model', target(0), MODEL);
  return places;
}
