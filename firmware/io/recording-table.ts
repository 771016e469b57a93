import { RecordingError } from './recording-error.ts';

/** The samples of one node, in the order of the file. */
export interface RecordingNode {
  readonly node: string;
  readonly rows: number;
  /** [rows] milliseconds; never falling inside a segment. */
  readonly tMs: Float64Array;
  /** [rows] index into `segments`. */
  readonly segment: Int32Array;
  /** Names of this node's segments in order of first appearance. */
  readonly segments: readonly string[];
  /** [rows] index into the recording's labels; -1 = not labelled. */
  readonly label: Int16Array;
  /** [rows] the label column as numbers, NaN = unknown; there when the reader asked for targets. */
  readonly target?: Float64Array;
  /** [rows x channels] row-major; NaN = missing. */
  readonly values: Float32Array;
}

const ROWS_AT_FIRST = 1024;

/** Columns of one node that grow by doubling while the file is read. */
export class NodeTable {
  private rows = 0;
  private tMs = new Float64Array(ROWS_AT_FIRST);
  private segment = new Int32Array(ROWS_AT_FIRST);
  private label = new Int16Array(ROWS_AT_FIRST);
  private target: Float64Array;
  private values: Float32Array;
  private readonly segmentIndex = new Map<string, number>();

  constructor(
    private readonly node: string,
    private readonly channels: number,
    targets: boolean,
  ) {
    this.target = new Float64Array(targets ? ROWS_AT_FIRST : 0);
    this.values = new Float32Array(ROWS_AT_FIRST * channels);
  }

  /** Begins a row and returns where its values belong. Throws when time runs backwards inside a segment. */
  begin(segmentName: string, tMs: number, label: number, line: number, target = Number.NaN): number {
    const segment = this.indexOf(segmentName);
    const last = this.rows - 1;
    if (last >= 0 && this.segment[last] === segment && tMs < this.tMs[last]!) {
      throw new RecordingError(
        'recordingMalformed',
        `line ${line}: t_ms goes back from ${this.tMs[last]} to ${tMs} ` +
          `within node ${this.node}, segment ${segmentName}; ` +
          'sort the rows by time, or give rows from another clock a segment of their own',
      );
    }
    if (this.rows === this.tMs.length) this.grow();
    this.tMs[this.rows] = tMs;
    this.segment[this.rows] = segment;
    this.label[this.rows] = label;
    if (this.target.length > 0) this.target[this.rows] = target;
    this.rows += 1;
    return (this.rows - 1) * this.channels;
  }

  /** Valid until the next `begin`. */
  get cells(): Float32Array {
    return this.values;
  }

  finish(): RecordingNode {
    const { node, rows } = this;
    return {
      node,
      rows,
      tMs: this.tMs.slice(0, rows),
      segment: this.segment.slice(0, rows),
      segments: [...this.segmentIndex.keys()],
      label: this.label.slice(0, rows),
      ...(this.target.length === 0 ? {} : { target: this.target.slice(0, rows) }),
      values: this.values.slice(0, rows * this.channels),
    };
  }

  private indexOf(segmentName: string): number {
    const known = this.segmentIndex.get(segmentName);
    if (known !== undefined) return known;
    this.segmentIndex.set(segmentName, this.segmentIndex.size);
    return this.segmentIndex.size - 1;
  }

  private grow(): void {
    const { tMs, segment, label, target, values } = this;
    this.tMs = new Float64Array(tMs.length * 2);
    this.tMs.set(tMs);
    this.segment = new Int32Array(segment.length * 2);
    this.segment.set(segment);
    this.label = new Int16Array(label.length * 2);
    this.label.set(label);
    this.target = new Float64Array(target.length * 2);
    this.target.set(target);
    this.values = new Float32Array(values.length * 2);
    this.values.set(values);
  }
}
