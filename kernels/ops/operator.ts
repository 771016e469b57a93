import type { AdapterAddresses, AdapterPoint } from '../adapter-point.ts';
import type { RecordWriter } from '../wasm/record-writer.ts';
import type { WideDemand, WideLayout } from '../wide-layout.ts';
import type { PrepareContext } from './prepare-context.ts';

/**
 * One operator of the registry: a file that says how a TFLite operator is checked, packed and run.
 *
 * The three steps follow TFLite Micro: `prepare` checks everything and asks for memory, `bind` learns where that memory
 * came to lie, `eval` trusts both and allocates nothing.
 */
export interface OperatorKernel {
  /** Code in the TFLite schema (`BuiltinOperator`). */
  readonly code: number;
  /** @throws ModelError through `context.refuse` for what the operator cannot do. */
  prepare(context: PrepareContext): PreparedOperator;
}

/** Operators by their code in the schema; what is not in an interpreter's registry does not enter its bundle. */
export type OperatorRegistry = ReadonlyMap<number, OperatorKernel>;

export interface PreparedOperator {
  /** Multiply-adds of one inference, for reports. */
  readonly multiplyAdds: number;
  /** Whether its step has an adapter point, whose activations learning may want to keep. */
  readonly adaptable: boolean;
  /**
   * The output holds the bytes of input 0 unchanged: the planner lets both lie at one address where it can, and `bind`
   * then sees equal addresses and has nothing to do.
   */
  readonly aliases?: boolean;
  /**
   * Inputs that it wants wide (int16 minus the zero point, see wide-layout.ts), and whether it can write output 0 wide
   * too. What is not named here is dense, as TFLite stores it.
   */
  readonly wide?: { readonly inputs: readonly WideDemand[]; readonly output: boolean };
  bind(addresses: BoundAddresses): Step;
}

/** Final places of everything an operator asked for. */
export interface BoundAddresses {
  /** Address of an activation tensor, of a variable, or of a constant taken with `context.operand`, by its index. */
  tensor(index: number): number;
  /** Where input `index` lies that the operator demanded wide. */
  wide(index: number): Placement;
  /** Where output `index` lies; dense unless the operator can write it wide. */
  output(index: number): Placement;
  /** Address of a scratch block, by the handle that `context.scratch` gave. */
  scratch(handle: number): number;
}

export interface Placement {
  /** Of the first value, not of its border. */
  readonly address: number;
  readonly layout: WideLayout | null;
}

/** An operator ready to run. */
export type Step = EvaluatedStep | RecordedStep;

interface StepBase {
  /** Where adapters can act and learning can look in; null for operators without weights to adapt. */
  readonly adapterPoint: AdapterPoint | null;
}

/** Runs in JavaScript. */
export interface EvaluatedStep extends StepBase {
  /**
   * @param adapters the factors of every adapter point, or null for the frozen model
   * @param ordinal number of this step's adapter point among all
   */
  eval(adapters: ActiveAdapters | null, ordinal: number): void;
}

/** Runs in the compiled kernels, from records of kernels/wasm/assembly/records.ts. */
export interface RecordedStep extends StepBase {
  /** In the order in which they run. */
  readonly records: readonly StepRecord[];
}

export interface StepRecord {
  /** KIND_… of records.ts. */
  readonly kind: number;
  write(record: RecordWriter): void;
}

/** Factors in wasm memory, as the dense kernel needs them. */
export interface ActiveAdapters {
  readonly rank: number;
  readonly scaling: number;
  /** By adapter point, in execution order. */
  readonly addresses: readonly AdapterAddresses[];
}

/** An operator that runs in JavaScript whatever its types. */
export interface PlainOperator extends PreparedOperator {
  bind(addresses: BoundAddresses): EvaluatedStep;
}

/** An operator without adapter points: `bind` returns what one inference does. */
export function plainOperator(
  bind: (addresses: BoundAddresses) => () => void,
  { multiplyAdds = 0, aliases = false } = {},
): PlainOperator {
  return {
    multiplyAdds,
    adaptable: false,
    aliases,
    bind: (addresses) => ({ adapterPoint: null, eval: bind(addresses) }),
  };
}
