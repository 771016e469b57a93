import type { AdapterAddresses, AdapterPoint } from '../adapter-point.ts';
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

export interface PreparedOperator {
  /** Multiply-adds of one inference, for reports. */
  readonly multiplyAdds: number;
  /** Whether its step has an adapter point, whose activations learning may want to keep. */
  readonly adaptable: boolean;
  bind(addresses: BoundAddresses): Step;
}

/** Final places of everything an operator asked for. */
export interface BoundAddresses {
  /** Address of an activation tensor, by its index in the subgraph. */
  tensor(index: number): number;
  /** Address of a scratch block, by the handle that `context.scratch` gave. */
  scratch(handle: number): number;
}

/** An operator ready to run. */
export interface Step {
  /** Where adapters can act and learning can look in; null for operators without weights to adapt. */
  readonly adapterPoint: AdapterPoint | null;
  /**
   * @param adapters the factors of every adapter point, or null for the frozen model
   * @param ordinal number of this step's adapter point among all
   */
  eval(adapters: ActiveAdapters | null, ordinal: number): void;
}

/** Factors in wasm memory, as the dense kernel needs them. */
export interface ActiveAdapters {
  readonly rank: number;
  readonly scaling: number;
  /** By adapter point, in execution order. */
  readonly addresses: readonly AdapterAddresses[];
}
