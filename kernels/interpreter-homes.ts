import type { PreparedOperator } from './ops/operator.ts';
import type { TfliteModel } from './tflite/model.ts';
import { tensorBytes } from './tflite/tensor-type.ts';
import { elementsOf } from './tflite/verify.ts';
import { type Border, isNoBorder, joinBorders, noBorder, type WideDemand, WideLayout } from './wide-layout.ts';

/** A block of memory that holds the values of a tensor while operators `first` to `last` run. */
export interface Home {
  /** Null: dense, as TFLite stores them. */
  readonly layout: WideLayout | null;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** A wide copy of a tensor that is stored densely, made just before its first reader. */
export interface Conversion {
  readonly tensor: number;
  readonly from: number;
  readonly to: number;
}

export interface Homes {
  readonly homes: readonly Home[];
  /** Home that each tensor is written to; −1 for constants and for what nobody uses. */
  readonly primary: Int32Array;
  /** Home of an input that operator `operator` demanded wide. */
  demanded(operator: number, tensor: number): number;
  /** By operator: the copies to be made before it. */
  readonly conversions: readonly (readonly Conversion[])[];
}

export interface HomesOptions {
  readonly model: TfliteModel;
  /** In execution order. */
  readonly prepared: readonly PreparedOperator[];
  /** Tensors whose values became constants while preparing. */
  readonly folded: ReadonlySet<number>;
  /** Operators whose inputs and outputs keep their values until the next invoke. */
  readonly kept: ReadonlySet<number>;
  /** Tensors that do so beside the model's own inputs and outputs, and stay dense like them. */
  readonly keptTensors: readonly number[];
}

/** An operator that reads a tensor, and how it wants it; null: densely. */
interface Reader {
  readonly operator: number;
  readonly tensor: number;
  readonly demand: WideDemand | null;
}

/**
 * Chooses how every activation is stored: wide, once, when its producer can write it so and all of its readers want it
 * so; else dense, with a wide copy for the readers who want one. Tensors that aliasing operators (RESHAPE) make of one
 * another share a home.
 */
export function findHomes(options: HomesOptions): Homes {
  return new HomeFinder(options);
}

class HomeFinder implements Homes {
  readonly homes: Home[] = [];
  readonly primary: Int32Array;
  readonly conversions: Conversion[][];
  private readonly demands = new Map<string, number>();
  private readonly model: TfliteModel;
  private readonly prepared: readonly PreparedOperator[];
  private readonly folded: ReadonlySet<number>;
  private readonly kept: ReadonlySet<number>;
  /** Tensors that somebody outside looks at. */
  private readonly ends: ReadonlySet<number>;
  private readonly producers: Int32Array;
  private readonly readers: Reader[][];
  private readonly afterLast: number;

  constructor({ model, prepared, folded, kept, keptTensors }: HomesOptions) {
    const { tensors, inputs, outputs, operators } = model.subgraph;
    this.model = model;
    this.prepared = prepared;
    this.folded = folded;
    this.kept = kept;
    this.ends = new Set([...inputs, ...outputs, ...keptTensors]);
    this.afterLast = operators.length;
    this.primary = new Int32Array(tensors.length).fill(-1);
    this.conversions = operators.map(() => []);
    this.producers = new Int32Array(tensors.length).fill(-1);
    operators.forEach((operator, at) => {
      for (const tensor of operator.outputs) this.producers[tensor] = at;
    });
    this.readers = this.findReaders();
    for (const [root, members] of this.groupTensors()) this.settle(root, members);
  }

  demanded(operator: number, tensor: number): number {
    return this.demands.get(`${operator} ${tensor}`)!;
  }

  private findReaders(): Reader[][] {
    const readers: Reader[][] = this.model.subgraph.tensors.map(() => []);
    this.model.subgraph.operators.forEach(({ inputs }, operator) => {
      for (const tensor of new Set(inputs)) {
        if (tensor < 0) continue;
        const demand = this.prepared[operator]!.wide?.inputs.find((candidate) => candidate.tensor === tensor) ?? null;
        readers[tensor]!.push({ operator, tensor, demand });
      }
    });
    return readers;
  }

  /**
   * Tensors that share memory: those that chains of aliasing operators make of the first one. Inputs and outputs of the
   * model stay apart, so that writing the next input does not change the last output.
   */
  private groupTensors(): Map<number, number[]> {
    const { tensors, operators } = this.model.subgraph;
    const roots = Int32Array.from(tensors, (_, index) => index);
    const groups = new Map(tensors.map((_, index) => [index, [index]]));
    operators.forEach((operator, at) => {
      const [from, to] = [operator.inputs[0]!, operator.outputs[0]!];
      if (this.prepared[at]!.aliases !== true || this.ends.has(to) || this.isFixed(from)) return;
      const root = roots[from]!;
      roots[to] = root;
      groups.get(root)!.push(to);
      groups.delete(to);
      this.readers[from] = this.readers[from]!.filter((reader) => reader.operator !== at);
    });
    return groups;
  }

  private isConstant(tensor: number): boolean {
    return this.folded.has(tensor) || this.model.buffers[this.model.subgraph.tensors[tensor]!.buffer]!.length > 0;
  }

  private isFixed(tensor: number): boolean {
    return this.isConstant(tensor) || this.model.subgraph.tensors[tensor]!.isVariable;
  }

  private settle(root: number, members: readonly number[]): void {
    const tensor = this.model.subgraph.tensors[root]!;
    const readers = members.flatMap((member) => this.readers[member]!);
    const producer = this.producers[root]!;
    const isEnd = members.some((member) => this.ends.has(member));
    // What is neither written, nor given from outside, nor kept from one inference to the next has no values.
    if (this.isConstant(root) || (producer < 0 && !isEnd && !tensor.isVariable)) return;
    const border = isEnd ? null : this.borderIfWide(root, readers);
    const layout = border === null ? null : WideLayout.of(tensor, border);
    const lasting = isEnd || tensor.isVariable || this.kept.has(producer);
    const home: Home = {
      layout,
      bytes: layout?.bytes ?? tensorBytes(tensor.type, elementsOf(tensor)),
      first: producer,
      last: lasting ? this.afterLast : this.lastUse(readers, layout === null, producer),
    };
    const at = this.homes.push(home) - 1;
    for (const member of members) this.primary[member] = at;
    if (layout === null) this.copyFor(readers, at);
    else this.assign(readers, at);
  }

  private assign(readers: readonly Reader[], home: number): void {
    for (const { operator, tensor } of readers) this.demands.set(`${operator} ${tensor}`, home);
  }

  /** A kept operator keeps what it reads, which is a copy when it demanded one of a dense tensor. */
  private lastUse(readers: readonly Reader[], isDense: boolean, producer: number): number {
    return readers.reduce((last, { operator, demand }) => {
      const keeps = this.kept.has(operator) && !(isDense && demand !== null);
      return Math.max(last, keeps ? this.afterLast : operator);
    }, producer);
  }

  /** The border of a tensor that can be wide alone; null when it must be dense. */
  private borderIfWide(root: number, readers: readonly Reader[]): Border | null {
    const producer = this.producers[root]!;
    if (producer < 0 || this.prepared[producer]!.wide?.output !== true || readers.length === 0) return null;
    const { shape } = this.model.subgraph.tensors[root]!;
    let border = noBorder;
    for (const { tensor, demand } of readers) {
      if (demand === null) return null;
      if (!demand.flat && `${this.model.subgraph.tensors[tensor]!.shape}` !== `${shape}`) return null;
      border = joinBorders(border, demand.border);
    }
    return isNoBorder(border) || readers.every(({ demand }) => !demand!.flat) ? border : null;
  }

  /** One wide copy for all readers who see the same images, one for all who want the bare values. */
  private copyFor(readers: readonly Reader[], from: number): void {
    const kinds = new Map<string, [Reader, ...Reader[]]>();
    for (const reader of readers) {
      if (reader.demand === null) continue;
      const kind = reader.demand.flat ? 'flat' : `${this.model.subgraph.tensors[reader.tensor]!.shape}`;
      const others = kinds.get(kind);
      if (others === undefined) kinds.set(kind, [reader]);
      else others.push(reader);
    }
    for (const group of kinds.values()) {
      const [{ tensor, operator: first }] = group;
      const border = group.reduce((joined, { demand }) => joinBorders(joined, demand!.border), noBorder);
      const layout = WideLayout.of(this.model.subgraph.tensors[tensor]!, border);
      const last = this.lastUse(group, false, first);
      const to = this.homes.push({ layout, bytes: layout.bytes, first, last }) - 1;
      this.conversions[first]!.push({ tensor, from, to });
      this.assign(group, to);
    }
  }
}
