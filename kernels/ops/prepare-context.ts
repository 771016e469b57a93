import { ModelError } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import type { Operator, Tensor, TfliteModel } from '../tflite/model.ts';
import { tensorTypeName } from '../tflite/tensor-type.ts';
import { elementsOf } from '../tflite/verify.ts';
import type { WasmEngine } from '../wasm/engine.ts';

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

/** What an operator may ask about the model and request from the engine while it is prepared. */
export class PrepareContext {
  readonly scratchBytes: number[] = [];
  private readonly operator: Operator;

  constructor(
    readonly index: number,
    readonly name: string,
    readonly model: TfliteModel,
    readonly engine: WasmEngine,
    readonly limits: ModelLimits,
    /** `usedBytes` of the engine before this model. */
    private readonly mark: number,
  ) {
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

  output(): OperatorTensor {
    return this.describe(this.operator.outputs[0]!);
  }

  /** A number of the builtin options; 0, the schema's default, when it is absent. */
  option(name: string): number {
    return Number(this.operator.options?.fields[name] ?? 0);
  }

  requireType(tensor: OperatorTensor, type: number): void {
    const found = tensor.tensor.type;
    if (found === type) return;
    const names = `${tensorTypeName(found)} where it takes ${tensorTypeName(type)}`;
    this.refuse(`has ${names} (tensor ${tensor.index}, ${tensor.tensor.name}): export a fully int8 model`);
  }

  /** Scale and zero point of a tensor that is quantised as a whole. */
  quantisation(tensor: OperatorTensor): TensorQuantisation {
    const quantisation = tensor.tensor.quantisation;
    if (quantisation === null || quantisation.scale.length !== 1) {
      return this.refuse(`needs one scale for tensor ${tensor.index} (${tensor.tensor.name})`);
    }
    return { scale: quantisation.scale[0]!, zeroPoint: quantisation.zeroPoint[0]! };
  }

  /** Takes memory that lives as long as the model: packed weights, tables. */
  persistent(bytes: number): number {
    const taken = this.engine.usedBytes - this.mark + bytes;
    if (taken > this.limits.arenaBytesMax) {
      throw new ModelError(
        'modelTooLarge',
        `the model needs ${taken} bytes of memory or more, ${this.limits.arenaBytesMax} are allowed: use a smaller one`,
      );
    }
    return this.engine.allocate(bytes);
  }

  /** Asks for memory while this operator runs; with `keepActivations` it is left alone until the next invoke. */
  scratch(bytes: number): number {
    return this.scratchBytes.push(bytes) - 1;
  }

  private describe(index: number): OperatorTensor {
    const tensor = this.model.subgraph.tensors[index]!;
    const bytes = this.model.buffers[tensor.buffer]!;
    return { index, tensor, elements: elementsOf(tensor), constant: bytes.length > 0 ? bytes : null };
  }
}
