import { RecordingError } from './recording-error.ts';
import { NodeTable, type RecordingNode } from './recording-table.ts';

const FIXED = ['node', 'segment', 't_ms', 'label'] as const;
const HEADER = `${FIXED.join(',')},<channel>,<channel>,...`;

/** Bounds of what one recording may name; they keep a file of nonsense from filling the memory with names. */
export const RECORDING_LIMITS = { nodesMax: 10_000, channelsMax: 1024, labelsMax: 1024 } as const;

export interface RecordingSelection {
  /** Keep only these nodes; all when absent. */
  nodes?: readonly string[];
  /** Keep only these segments; all when absent. */
  segments?: readonly string[];
  /** The label column holds numbers, the true values of what a regressor measures: `RecordingNode.target`. */
  targets?: boolean;
}

export interface Recording {
  readonly channels: readonly string[];
  /** In order of first appearance among the rows that were kept. */
  readonly labels: readonly string[];
  readonly nodes: readonly RecordingNode[];
  /** Cells of the rows that were kept that hold no finite number: empty, NaN or Inf. */
  readonly missing: number;
}

/** Takes the rows of a recording one by one, header first; `finish` hands over the whole. */
export class RecordingParser {
  private line = 0;
  private channels: string[] | undefined;
  private missing = 0;
  private readonly labels = new Map<string, number>();
  private readonly tables = new Map<string, NodeTable>();
  private readonly nodesSeen = new Set<string>();
  private readonly segmentsSeen = new Set<string>();
  private readonly nodesWanted: ReadonlySet<string> | undefined;
  private readonly segmentsWanted: ReadonlySet<string> | undefined;

  private readonly targets: boolean;

  constructor(selection: RecordingSelection) {
    this.targets = selection.targets ?? false;
    this.nodesWanted = selection.nodes === undefined ? undefined : new Set(selection.nodes);
    this.segmentsWanted = selection.segments === undefined ? undefined : new Set(selection.segments);
  }

  /** `fault` is what the CSV reader found wrong with this row. */
  push(cells: readonly string[], fault?: string): void {
    this.line += 1;
    if (fault !== undefined) throw this.malformed(`${fault}; a quote that opens a cell must also close it`);
    if (cells.length === 1 && cells[0]!.trim() === '') return; // blank lines say nothing, but count
    if (this.channels === undefined) this.channels = this.readHeader(cells);
    else this.readRow(cells, this.channels);
    // A quoted cell may span lines: keep the count that an editor shows.
    for (let i = 0; i < 4; i += 1) if (cells[i]!.includes('\n')) this.line += cells[i]!.split('\n').length - 1;
  }

  finish(): Recording {
    if (this.channels === undefined) {
      throw new RecordingError('recordingEmpty', `the recording is empty; its first line must be ${HEADER}`);
    }
    if (this.nodesSeen.size === 0) throw new RecordingError('recordingEmpty', 'the recording has a header but no rows');
    checkNames('node', this.nodesWanted, this.nodesSeen);
    checkNames('segment', this.segmentsWanted, this.segmentsSeen);
    if (this.tables.size === 0) {
      throw new RecordingError(
        'unknownSelection',
        'no row has both one of the nodes and one of the segments asked for',
      );
    }
    const nodes = [...this.tables.values()].map((table) => table.finish());
    return { channels: this.channels, labels: [...this.labels.keys()], nodes, missing: this.missing };
  }

  private readHeader(cells: readonly string[]): string[] {
    const names = cells.map((cell) => cell.trim()); // a byte order mark counts as white space (ECMA-262 §12.2)
    if (FIXED.some((name, i) => names[i] !== name)) {
      throw this.malformed(`the header is "${clip(names.join(','))}", but it must be ${HEADER}, separated by commas`);
    }
    const channels = names.slice(FIXED.length);
    if (channels.length === 0 || channels.some((name) => name === '')) {
      throw this.malformed('after label the header must name at least one channel, and every channel');
    }
    const twice = channels.find((name, i) => channels.indexOf(name) !== i);
    if (twice !== undefined) throw this.malformed(`channel "${clip(twice)}" appears twice; give each its own name`);
    if (channels.length > RECORDING_LIMITS.channelsMax) {
      throw this.tooMany('channels', RECORDING_LIMITS.channelsMax);
    }
    return channels;
  }

  private readRow(cells: readonly string[], channels: readonly string[]): void {
    const width = FIXED.length + channels.length;
    if (cells.length !== width) {
      throw this.malformed(
        `${cells.length} cells where the header has ${width}; fill missing samples with empty cells`,
      );
    }
    const node = cells[0]!;
    const segment = cells[1]!;
    if (node === '') throw this.malformed('the node is empty; every row must name one');
    this.nodesSeen.add(node);
    this.segmentsSeen.add(segment);
    if (this.nodesSeen.size > RECORDING_LIMITS.nodesMax) throw this.tooMany('nodes', RECORDING_LIMITS.nodesMax);
    if (this.nodesWanted?.has(node) === false || this.segmentsWanted?.has(segment) === false) return;
    const tMs = cells[2]!.trim() === '' ? Number.NaN : Number(cells[2]);
    if (!Number.isFinite(tMs)) throw this.malformed(`t_ms is "${clip(cells[2]!)}", not a number of milliseconds`);
    const table = this.tableOf(node, channels.length);
    const at = this.targets
      ? table.begin(segment, tMs, -1, this.line, this.targetOf(cells[3]!))
      : table.begin(segment, tMs, this.labelOf(cells[3]!), this.line);
    const values = table.cells;
    for (let c = 0; c < channels.length; c += 1) values[at + c] = this.sample(cells[FIXED.length + c]!, channels[c]!);
  }

  /** The number in a cell, NaN when there is none; a cell of other text is an error, not a gap. */
  private sample(cell: string, channel: string): number {
    const value = cell === '' ? Number.NaN : Number(cell);
    if (Math.abs(value) <= 3.4028234663852886e38 && cell.trim() !== '') return value;
    if (!Number.isNaN(value) || /^\s*([+-]?(nan|inf|infinity))?\s*$/i.test(cell)) {
      this.missing += 1;
      return Number.NaN;
    }
    throw this.malformed(
      `"${clip(cell)}" in channel ${channel} is not a number; leave the cell empty if the sample is missing`,
    );
  }

  private tableOf(node: string, channels: number): NodeTable {
    let table = this.tables.get(node);
    if (table === undefined) {
      table = new NodeTable(node, channels, this.targets);
      this.tables.set(node, table);
    }
    return table;
  }

  private targetOf(cell: string): number {
    const value = cell.trim() === '' ? Number.NaN : Number(cell);
    if (Number.isFinite(value) || /^\s*(nan)?\s*$/i.test(cell)) return value;
    throw this.malformed(`label "${clip(cell)}" is not a number, and the model measures: leave it empty if unknown`);
  }

  private labelOf(name: string): number {
    if (name === '') return -1;
    const known = this.labels.get(name);
    if (known !== undefined) return known;
    if (this.labels.size === RECORDING_LIMITS.labelsMax) throw this.tooMany('labels', RECORDING_LIMITS.labelsMax);
    this.labels.set(name, this.labels.size);
    return this.labels.size - 1;
  }

  private malformed(what: string): RecordingError {
    return new RecordingError('recordingMalformed', `line ${this.line}: ${what}`);
  }

  private tooMany(what: string, most: number): RecordingError {
    return new RecordingError('recordingTooLarge', `line ${this.line}: more than ${most} ${what} in one recording`);
  }
}

function checkNames(what: string, wanted: ReadonlySet<string> | undefined, seen: ReadonlySet<string>): void {
  for (const name of wanted ?? []) {
    if (seen.has(name)) continue;
    const listed = [...seen].slice(0, 20).join(', ');
    const more = seen.size > 20 ? ` and ${seen.size - 20} more` : '';
    throw new RecordingError(
      'unknownSelection',
      `the recording has no ${what} "${clip(name)}"; it has ${listed}${more}`,
    );
  }
}

function clip(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
