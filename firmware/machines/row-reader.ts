import { valueAt } from '../../protocols/json-pointer.ts';
import { numberOf } from '../../protocols/sample-payload.ts';
import { jsonOf } from '../../protocols/text.ts';

export interface RowReaderOptions {
  readonly format: 'csv' | 'jsonl';
  /** Per channel: the column's name in a header or the member of an object, and where it lies in a deeper one. */
  readonly columns: readonly { readonly name: string; readonly pointer: readonly string[] | null }[];
}

/** What a line was: a row, nothing (a header, an empty line), not to be used, or the header of something else. */
export type LineOutcome = 'row' | 'nothing' | 'refused' | 'otherHeader';

/**
 * Reads lines of numbers. CSV: cells between commas or semicolons, or blanks where there are neither; an empty cell is
 * a missing sample; a first line with a cell that is no number is a header, by which the channels are found. JSON
 * lines: an object per line, or an array in the order of the channels.
 */
export class RowReader {
  /** NaN where the sample is missing; valid after `row` until the next line. */
  readonly values: Float64Array;
  /** Where each channel lies in a line; null until the first line is known. */
  #places: number[] | null = null;
  #width = 0;

  constructor(private readonly options: RowReaderOptions) {
    this.values = new Float64Array(options.columns.length);
  }

  read(line: string): LineOutcome {
    const text = line.trim();
    if (text === '' || text === '\uFEFF') return 'nothing';
    return this.options.format === 'csv' ? this.#cells(text.split(SEPARATOR(text))) : this.#json(text);
  }

  #cells(cells: readonly string[]): LineOutcome {
    const numbers = cells.map(cellOf);
    const { columns } = this.options;
    if (this.#places === null) {
      if (numbers.includes(undefined)) return this.#header(cells.map((cell) => cell.trim()));
      this.#places = columns.map((_, at) => at);
      this.#width = columns.length;
    }
    if (numbers.length !== this.#width) return 'refused';
    for (const [channel, place] of this.#places.entries()) {
      const value = numbers[place];
      if (value === undefined) return 'refused';
      this.values[channel] = value;
    }
    return 'row';
  }

  #header(names: readonly string[]): LineOutcome {
    const places = this.options.columns.map(({ name }) => names.indexOf(name));
    if (places.includes(-1)) return 'otherHeader';
    this.#places = places;
    this.#width = names.length;
    return 'nothing';
  }

  #json(text: string): LineOutcome {
    const value = jsonOf(text);
    const ordered = Array.isArray(value);
    if (typeof value !== 'object' || value === null) return 'refused';
    if (ordered && value.length !== this.options.columns.length) return 'refused';
    for (const [channel, { name, pointer }] of this.options.columns.entries()) {
      const found = pointer !== null ? valueAt(value, pointer) : ordered ? value[channel] : valueAt(value, [name]);
      // A member that is left out is a sample that is missing.
      const number = found === undefined ? Number.NaN : numberOf(found);
      if (number === undefined) return 'refused';
      this.values[channel] = number;
    }
    return 'row';
  }
}

const SEPARATOR = (text: string): RegExp => (/[,;]/.test(text) ? /[,;]/ : /\s+/);

const cellOf = (cell: string): number | undefined => (/^\s*([+-]?nan)?\s*$/i.test(cell) ? Number.NaN : numberOf(cell));
