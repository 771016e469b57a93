import { ModelError } from '../errors.ts';
import type { ModelLimits, Packing } from '../limits.ts';
import type { Numerics } from '../numerics.ts';
import type { Operator, OptionValue, Tensor, TfliteModel } from '../tflite/model.ts';
import { printable } from '../tflite/printable.ts';
import { TensorType, tensorTypeName } from '../tflite/tensor-type.ts';
import { elementsOf } from '../tflite/verify.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import type { WasmKernels } from '../wasm/kernels.ts';

/** A tensor as an operator sees it. */
export interface OperatorTensor {
  readonly index: number;
  readonly tensor: Tensor;
  readonly elements: number;
  /** Bytes of a constant, null for an activation. */
  readonly constant: Uint8Array | null;
}

/** Per-tensor quantisation, as activations have it. */
export interface TensorQuantisation {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** What all operators of one model share while it is prepared. */
export interface Preparation {
  readonly model: TfliteModel;
  readonly engine: WasmEngine;
  readonly limits: ModelLimits;
  readonly numerics: Numerics;
  readonly packing: Packing;
  /** `usedBytes` of the engine before this model. */
  readonly mark: number;
  /** Constants that operators read at run time: index of the tensor to its address. */
  readonly constants: Map<number, number>;
  /** Tables of int32 that several operators may share: what they are for to their address. */
  readonly tables: Map<string, number>;
  /** Outputs of operators on constants, computed while preparing: index of the tensor to its bytes. */
  readonly folded: Map<number, Uint8Array>;
  /** What is left for weights in forms that are faster and larger (`takeSpare`). */
  readonly spare: { bytes: number };
}

/**
 * Memory for such weights: what is left of half of the arena when every constant takes two bytes for one, as tiles
 * have them. So no model is refused for them that would fit without.
 */
export const spareBytes = ({ buffers }: TfliteModel, { arenaBytesMax }: ModelLimits): number =>
  arenaBytesMax / 2 - 2 * buffers.reduce((sum, { length }) => sum + length, 0);

/** What an operator may ask about the model and request from the engine while it is prepared. */
export class PrepareContext {
  readonly scratchBytes: number[] = [];
  readonly model: TfliteModel;
  readonly engine: WasmEngine;
  readonly limits: ModelLimits;
  readonly numerics: Numerics;
  private readonly operator: Operator;

  constructor(
    readonly index: number,
    readonly name: string,
    private readonly preparation: Preparation,
  ) {
    const { model, engine, limits, numerics } = preparation;
    this.model = model;
    this.engine = engine;
    this.limits = limits;
    this.numerics = numerics;
    this.operator = model.subgraph.operators[index]!;
  }

  refuse(message: string): never {
    throw new ModelError('unsupportedOperator', `operator ${this.index} (${this.name}) ${message}`);
  }

  /** Refuses unless the operator has between `inputsMin` and `inputsMax` inputs and one output. */
  requireArity(inputsMin: number, inputsMax: number): void {
    const { inputs, outputs } = this.operator;
    if (inputs.length < inputsMin || inputs.length > inputsMax || outputs.length !== 1) {
      this.refuse(`has ${inputs.length} inputs and ${outputs.length} outputs`);
    }
  }

  /** Input `position`, or null when it was left out. */
  input(position: number): OperatorTensor | null {
    const index = this.operator.inputs[position] ?? -1;
    return index < 0 ? null : this.describe(index);
  }

  /** Input `position`, which must be computed at run time. */
  activation(position: number): OperatorTensor {
    const input = this.input(position);
    if (input === null) return this.refuse(`lacks input ${position}`);
    if (input.constant !== null || input.tensor.isVariable) {
      return this.refuse(`has a constant or a variable as input ${position}: fold it in the converter`);
    }
    return input;
  }

  /**
   * Input `position` as something to read at run time, be it computed, a variable, or a constant, which then gets a
   * place in the engine's memory: `addresses.tensor` knows all three.
   */
  operand(position: number): OperatorTensor {
    const input = this.input(position);
    if (input === null) return this.refuse(`lacks input ${position}`);
    const { constants } = this.preparation;
    if (input.constant !== null && !constants.has(input.index)) {
      const address = this.persistent(input.constant.length);
      this.engine.uint8.set(input.constant, address);
      constants.set(input.index, address);
    }
    return input;
  }

  /** Input `position`, which must keep its value from one inference to the next. */
  variable(position: number): OperatorTensor {
    const input = this.input(position);
    if (input === null || !input.tensor.isVariable) return this.refuse(`has no variable as input ${position}`);
    return input;
  }

  /** int32 values of the constant input `position`: axes, shapes, paddings. Int64 ones must fit. */
  integers(position: number): number[] {
    const input = this.input(position);
    if (input === null || input.constant === null) return this.refuse(`needs a constant as input ${position}`);
    const { constant, elements } = input;
    const view = new DataView(constant.buffer, constant.byteOffset, constant.length);
    if (input.tensor.type === TensorType.int32) {
      return Array.from({ length: elements }, (_, index) => view.getInt32(4 * index, true));
    }
    this.requireType(input, TensorType.int64);
    return Array.from({ length: elements }, (_, index) => Number(view.getBigInt64(8 * index, true)));
  }

  /** Intermediate tensor `position`, which only carries the quantisation of a value inside; null without one. */
  intermediate(position: number): OperatorTensor | null {
    const index = this.operator.intermediates[position];
    return index === undefined ? null : this.describe(index);
  }

  get inputCount(): number {
    return this.operator.inputs.length;
  }

  get outputCount(): number {
    return this.operator.outputs.length;
  }

  output(position = 0): OperatorTensor {
    const index = this.operator.outputs[position];
    return index === undefined ? this.refuse(`lacks output ${position}`) : this.describe(index);
  }

  /** A number of the builtin options; 0, the schema's default, when it is absent. */
  option(name: string): number {
    return Number(this.operator.options?.fields[name] ?? 0);
  }

  /** The builtin option as it was read; undefined when the operator has none of that name. */
  rawOption(name: string): OptionValue | undefined {
    return this.operator.options?.fields[name];
  }

  requireType(tensor: OperatorTensor, type: number): void {
    const found = tensor.tensor.type;
    if (found === type) return;
    const names = `${tensorTypeName(found)} where it takes ${tensorTypeName(type)}`;
    this.refuse(`has ${names} (tensor ${tensor.index}, ${printable(tensor.tensor.name)}): export a fully int8 model`);
  }

  /** Whether a tensor is written by an operator or given from outside, in every inference anew. */
  isComputed({ constant, tensor }: OperatorTensor): boolean {
    return constant === null && !tensor.isVariable;
  }

  get isCompact(): boolean {
    return this.preparation.packing === 'compact';
  }

  /** Whether the processor runs the compiled kernels. */
  get isCompiled(): boolean {
    return this.engine.kernels !== null;
  }

  /** Whether tensors are int8 and rounded as the compiled kernels and their twins do. */
  isInt8(...tensors: readonly OperatorTensor[]): boolean {
    return this.numerics === 'fp32-rne' && tensors.every(({ tensor }) => tensor.type === TensorType.int8);
  }

  /** Scale and zero point of a tensor that is quantised as a whole. */
  quantisation(tensor: OperatorTensor): TensorQuantisation {
    const quantisation = tensor.tensor.quantisation;
    if (quantisation === null || quantisation.scale.length !== 1) {
      return this.refuse(`needs one scale for tensor ${tensor.index} (${printable(tensor.tensor.name)})`);
    }
    return { scale: quantisation.scale[0]!, zeroPoint: quantisation.zeroPoint[0]! };
  }

  /** Whether the model hands out the tensor at its end, so that it needs a place of its own. */
  isModelOutput({ index }: OperatorTensor): boolean {
    return this.model.subgraph.outputs.includes(index);
  }

  /** Makes `output` a constant for the operators behind this one, which then has nothing to do at run time. */
  fold(output: OperatorTensor, bytes: Uint8Array): void {
    const { folded } = this.preparation;
    const taken = [...folded.values()].reduce((sum, { length }) => sum + length, bytes.length);
    if (taken > this.limits.arenaBytesMax) {
      const message = `the model unpacks constants of ${taken} bytes, ${this.limits.arenaBytesMax} are allowed`;
      throw new ModelError('modelTooLarge', `${message}: use a smaller one`);
    }
    folded.set(output.index, bytes);
  }

  /** Takes memory that lives as long as the model: packed weights, tables. */
  persistent(bytes: number): number {
    const taken = this.engine.usedBytes - this.preparation.mark + bytes;
    if (taken > this.limits.arenaBytesMax) {
      throw new ModelError(
        'modelTooLarge',
        `the model needs ${taken} bytes of memory or more, ${this.limits.arenaBytesMax} are allowed: use a smaller one`,
      );
    }
    return this.engine.allocate(bytes);
  }

  /** Whether there is memory for a form of weights that is faster and takes `bytes` more; then it is taken. */
  takeSpare(bytes: number): boolean {
    const { spare } = this.preparation;
    if (bytes > spare.bytes) return false;
    spare.bytes -= bytes;
    return true;
  }

  /** Calls `pack` with the address of a copy of `weights` in the engine's memory, which is gone afterwards. */
  withWeights(weights: Int8Array, pack: (source: number, kernels: WasmKernels) => void): void {
    const mark = this.engine.usedBytes;
    const source = this.engine.allocate(weights.length);
    this.engine.int8.set(weights, source);
    pack(source, this.engine.kernels!);
    this.engine.release(mark);
  }

  /** Address of a table of int32; tables of one key are equal, and made once. Also while the operator is bound. */
  sharedInts(key: string, make: () => Int32Array): number {
    const known = this.preparation.tables.get(key);
    if (known !== undefined) return known;
    const values = make();
    const address = this.persistent(values.byteLength);
    this.engine.int32.set(values, address / 4);
    this.preparation.tables.set(key, address);
    return address;
  }

  /** Asks for memory while this operator runs; with `keepActivations` it is left alone until the next invoke. */
  scratch(bytes: number): number {
    return this.scratchBytes.push(bytes) - 1;
  }

  private describe(index: number): OperatorTensor {
    const tensor = this.model.subgraph.tensors[index]!;
    const bytes = this.model.buffers[tensor.buffer]!;
    const constant = bytes.length > 0 ? bytes : (this.preparation.folded.get(index) ?? null);
    return { index, tensor, elements: elementsOf(tensor), constant };
  }
}
