import type { WasmEngine } from '../wasm/engine.ts';
import { type BoxDimension, mergeBox, walkBox } from './box.ts';

/** Runs from here on are left to `copyWithin`, whose call costs about as much as a loop over so many bytes. */
const LONG_RUN_BYTES = 48;

/** A box of elements and where its first one lies on either side, all in elements. */
export interface StridedCopy {
  readonly box: readonly BoxDimension[];
  readonly fromOffset: number;
  readonly toOffset: number;
}

/**
 * Copies a box of elements from one tensor into another (or within one, where the two places do not overlap): what
 * lies contiguous on both sides moves as one run, and short runs in the widest units that everything is a multiple of.
 */
export function bindCopy(
  engine: WasmEngine,
  copy: StridedCopy,
  elementBytes: number,
  fromAddress: number,
  toAddress: number,
): () => void {
  const element = { count: elementBytes, from: 1, to: 1 };
  const bytes = copy.box.map(({ count, from, to }) => ({
    count,
    from: from * elementBytes,
    to: to * elementBytes,
  }));
  const box = mergeBox([...bytes, element]);
  const from = fromAddress + copy.fromOffset * elementBytes;
  const to = toAddress + copy.toOffset * elementBytes;
  const run = contiguous(box) ? box.pop()!.count : 1;
  const move = run >= LONG_RUN_BYTES ? longRuns(engine, box, run) : shortRuns(engine, box, run, from | to);
  return () => move(from, to);
}

function contiguous(box: readonly BoxDimension[]): boolean {
  const inner = box.at(-1);
  return inner !== undefined && inner.from === 1 && inner.to === 1;
}

type Move = (from: number, to: number) => void;

function longRuns({ uint8 }: WasmEngine, box: readonly BoxDimension[], run: number): Move {
  return walkBox(box, (from, to) => void uint8.copyWithin(to, from, from + run));
}

/** @param places the addresses, or-ed: only their lowest bits matter */
function shortRuns(engine: WasmEngine, box: readonly BoxDimension[], run: number, places: number): Move {
  const bits = box.reduce((all, { from, to }) => all | from | to, run | places);
  const shift = (bits & 3) === 0 ? 2 : (bits & 1) === 0 ? 1 : 0;
  const memory = [engine.uint8, engine.int16, engine.int32][shift]!;
  const units = mergeBox([
    ...box.map(({ count, from, to }) => ({ count, from: from >> shift, to: to >> shift })),
    { count: run >> shift, from: 1, to: 1 },
  ]);
  const columns = units.pop() ?? ONE;
  const rows = units.pop() ?? ONE;
  const walk = walkBox(units, (from, to) => copyTile(memory, rows, columns, from, to));
  return (from, to) => walk(from >> shift, to >> shift);
}

const ONE: BoxDimension = { count: 1, from: 0, to: 0 };

function copyTile(
  memory: Uint8Array | Int16Array | Int32Array,
  rows: BoxDimension,
  columns: BoxDimension,
  from: number,
  to: number,
): void {
  const { count, from: fromStep, to: toStep } = columns;
  for (let row = 0; row < rows.count; row++) {
    let source = from + row * rows.from;
    let target = to + row * rows.to;
    for (let column = 0; column < count; column++) {
      memory[target] = memory[source]!;
      source += fromStep;
      target += toStep;
    }
  }
}
