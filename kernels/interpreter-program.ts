import type { ArenaLayout } from './interpreter-arena.ts';
import type { ActiveAdapters, EvaluatedStep, PreparedOperator, Step, StepRecord } from './ops/operator.ts';
import type { TfliteModel } from './tflite/model.ts';
import {
  BORDER_AFTER,
  BORDER_BEFORE,
  BORDER_BETWEEN,
  BORDER_IMAGES,
  BORDER_ROW_BYTES,
  BORDER_ROWS,
  INPUT,
  KIND_BORDER,
  KIND_WIDEN,
  OUTPUT,
  RECORD_BYTES,
  WIDEN_COUNT,
  WIDEN_ROWS,
  WIDEN_STRIDE,
  ZERO_POINT,
} from './wasm/assembly/records.ts';
import type { WasmEngine } from './wasm/engine.ts';
import { RecordWriter } from './wasm/record-writer.ts';
import { isNoBorder, type WideLayout } from './wide-layout.ts';

/** Records of one operator or several, that the compiled kernels run in one call. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** An operator that runs in JavaScript. */
interface Evaluation {
  readonly step: EvaluatedStep;
  readonly ordinal: number;
}

type Part = Stretch | Evaluation;

/** All steps of a model in order: consecutive operators of the compiled kernels are one call. */
export class Program {
  private readonly parts: readonly Part[];
  /** By operator. */
  private readonly partsOf: readonly (readonly Part[])[];

  /** @param table address for the records of all work, RECORD_BYTES each */
  constructor(
    private readonly engine: WasmEngine,
    work: readonly OperatorWork[],
    table: number,
  ) {
    let next = table;
    this.partsOf = work.map(({ step, records, ordinal }) => {
      const from = next;
      for (const { kind, write } of records) {
        write(new RecordWriter(engine, next, kind, ordinal));
        next += RECORD_BYTES;
      }
      const parts: Part[] = next > from ? [{ from, to: next }] : [];
      if (step !== null) parts.push({ step, ordinal });
      return parts;
    });
    this.parts = join(this.partsOf.flat());
  }

  /** @param table address of the table of adapters, 0 for none */
  run(adapters: ActiveAdapters | null, table: number): void {
    this.runParts(this.parts, adapters, table);
  }

  /** `run` of the operators from `first` to before `end` only. */
  stretch(first: number, end: number): Program['run'] {
    const parts = join(this.partsOf.slice(first, end).flat());
    return (adapters, table) => this.runParts(parts, adapters, table);
  }

  /** Runs operator `index` alone, frozen. */
  runOperator(index: number): void {
    this.runParts(this.partsOf[index]!, null, 0);
  }

  private runParts(parts: readonly Part[], adapters: ActiveAdapters | null, table: number): void {
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      if ('step' in part) part.step.eval(adapters, part.ordinal);
      else this.engine.kernels!.run(part.from, part.to, table);
    }
  }
}

/** What one operator does in an inference: records for the compiled kernels first, then a step in JavaScript. */
export interface OperatorWork {
  readonly records: readonly StepRecord[];
  readonly step: EvaluatedStep | null;
  readonly ordinal: number;
}

/** The copies that an operator's inputs need, the border of its output, and the operator itself. */
export function workOf(
  model: TfliteModel,
  prepared: readonly PreparedOperator[],
  steps: readonly Step[],
  layout: ArenaLayout,
): OperatorWork[] {
  let points = 0;
  return steps.map((step, operator) => {
    const ordinal = step.adapterPoint === null ? -1 : points++;
    const copies = layout.homes.conversions[operator]!.flatMap(({ tensor, from, to }) => {
      const { zeroPoint } = model.subgraph.tensors[tensor]!.quantisation!;
      return [...borderRecords(layout, to), ...widenRecords(layout, from, to, zeroPoint[0]!)];
    });
    const output = layout.homes.primary[model.subgraph.operators[operator]!.outputs[0]!]!;
    const writesWide = prepared[operator]!.wide?.output === true && output >= 0;
    const records = [...copies, ...(writesWide ? borderRecords(layout, output) : [])];
    if ('records' in step) return { records: [...records, ...step.records], step: null, ordinal };
    return { records, step, ordinal };
  });
}

/** Without a border all images are one run; with one, each image is rows a stride apart. */
function widenRecords(arena: ArenaLayout, from: number, to: number, zeroPoint: number): StepRecord[] {
  const { batch, height, width, channels, border, imageBytes, rowBytes, originBytes } = arena.homes.homes[to]!.layout!;
  const isOneRun = isNoBorder(border);
  const values = height * width * channels;
  return Array.from({ length: isOneRun ? 1 : batch }, (_, image) => ({
    kind: KIND_WIDEN,
    write: (record) => {
      record
        .int(INPUT, arena.home(from) + image * values)
        .int(OUTPUT, arena.home(to) + originBytes + image * imageBytes)
        .int(ZERO_POINT, zeroPoint)
        .int(WIDEN_ROWS, isOneRun ? 1 : height)
        .int(WIDEN_COUNT, isOneRun ? batch * values : width * channels)
        .int(WIDEN_STRIDE, rowBytes);
    },
  }));
}

/** Zeroes around the images of a wide home, where it has a border: other tensors lay there since the last inference. */
function borderRecords(arena: ArenaLayout, home: number): StepRecord[] {
  const { layout } = arena.homes.homes[home]!;
  if (layout === null || isNoBorder(layout.border)) return [];
  return [{ kind: KIND_BORDER, write: (record) => writeBorder(record, arena.home(home), layout) }];
}

function writeBorder(record: RecordWriter, address: number, layout: WideLayout): void {
  const { batch, height, width, border, rowBytes, pixelBytes } = layout;
  record
    .int(OUTPUT, address)
    .int(BORDER_IMAGES, batch)
    .int(BORDER_ROWS, height)
    .int(BORDER_ROW_BYTES, width * pixelBytes)
    .int(BORDER_BEFORE, border.top * rowBytes + border.left * pixelBytes)
    .int(BORDER_BETWEEN, (border.right + border.left) * pixelBytes)
    .int(BORDER_AFTER, border.right * pixelBytes + border.bottom * rowBytes);
}

/** Makes one stretch of those that follow one another. */
function join(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && 'from' in last && 'from' in part && last.to === part.from) {
      joined[joined.length - 1] = { from: last.from, to: part.to };
    } else joined.push(part);
  }
  return joined;
}
