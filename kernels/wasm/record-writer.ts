import { KIND, ORDINAL } from './assembly/records.ts';
import type { WasmEngine } from './engine.ts';

/** Writes the fields of one record of the table that the `run` kernel walks. */
export class RecordWriter {
  constructor(
    private readonly engine: WasmEngine,
    private readonly address: number,
    kind: number,
    /** Number of the step's adapter point, −1 without one. */
    ordinal: number,
  ) {
    this.int(KIND, kind).int(ORDINAL, ordinal);
  }

  /** @param field a byte offset of records.ts */
  int(field: number, value: number): this {
    this.engine.int32[(this.address + field) / 4] = value;
    return this;
  }

  float(field: number, value: number): this {
    this.engine.float32[(this.address + field) / 4] = value;
    return this;
  }
}
