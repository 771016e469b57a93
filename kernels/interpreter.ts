import type { AdapterPoint } from './adapter-point.ts';
import { ModelError } from './errors.ts';
import { type AdapterSet, type AdapterSetOptions, WasmAdapterSet } from './interpreter-adapters.ts';
import { type ArenaLayout, layOut } from './interpreter-arena.ts';
import type { ModelLimits } from './limits.ts';
import type { PreparedOperator, Step } from './ops/operator.ts';
import { PrepareContext } from './ops/prepare-context.ts';
import { operatorRegistry } from './ops/registry.ts';
import { type TensorView, viewTensor } from './tensor-view.ts';
import { Builtin, operatorName } from './tflite/builtin-operator.ts';
import type { Operator, TfliteModel } from './tflite/model.ts';
import type { WasmEngine } from './wasm/engine.ts';

export type { AdapterPoint } from './adapter-point.ts';
export type { AdapterFactors, AdapterSet, AdapterSetOptions } from './interpreter-adapters.ts';
export type { TensorView } from './tensor-view.ts';

/** A model ready to run. Write `inputs`, call `invoke`, read `outputs`: all are views into the engine's memory. */
export interface Interpreter {
  /** How results are rounded; equal bits on every machine. Other engines round differently and say so here. */
  readonly numerics: 'fp32-rne';
  /** Memory taken in the engine: packed weights, activations, scratch. Adapter sets come on top. */
  readonly arenaBytes: number;
  /** Multiply-adds of one inference. */
  readonly multiplyAdds: number;
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  /** What a final SOFTMAX reads (also through a DEQUANTIZE behind it), else the first output itself. */
  readonly logits: TensorView;
  /** One per dense layer, in execution order. */
  readonly adapterPoints: readonly AdapterPoint[];
  /** @throws ModelError `modelTooLarge` when the engine's memory is full. */
  createAdapterSet(options: AdapterSetOptions): AdapterSet;
  /**
   * One inference, frozen or with the adapters of this interpreter. Allocates nothing.
   * @throws ModelError `modelMismatch` for another interpreter's adapters.
   */
  invoke(adapters?: AdapterSet): void;
}

export interface InterpreterOptions {
  /** May be shared: an interpreter takes its memory once, here. */
  readonly engine: WasmEngine;
  readonly limits: ModelLimits;
  /** Keep inputs and outputs of every adapter point readable until the next invoke, as learning needs. */
  readonly keepActivations: boolean;
}

/**
 * Checks every operator of a verified model, packs its weights and lays out its memory.
 *
 * @throws ModelError `unsupportedOperator` naming the operator, `unsupportedModel`, or `modelTooLarge`; the engine's
 * memory is then as it was before.
 */
export function createInterpreter(model: TfliteModel, options: InterpreterOptions): Interpreter {
  const { engine } = options;
  const mark = engine.usedBytes;
  try {
    return new WasmInterpreter(model, options, mark);
  } catch (error) {
    engine.release(mark);
    throw error;
  }
}

class WasmInterpreter implements Interpreter {
  readonly numerics = 'fp32-rne';
  readonly arenaBytes: number;
  readonly multiplyAdds: number;
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  readonly logits: TensorView;
  readonly adapterPoints: readonly AdapterPoint[];
  private readonly engine: WasmEngine;
  private readonly steps: readonly Step[];

  constructor(model: TfliteModel, { engine, limits, keepActivations }: InterpreterOptions, mark: number) {
    this.engine = engine;
    const { subgraph } = model;
    if (subgraph.inputs.length === 0 || subgraph.outputs.length === 0) {
      throw new ModelError('unsupportedModel', 'the model has no input or no output: export it with both');
    }
    requireKnownOperators(model);
    const contexts = subgraph.operators.map(
      (operator, index) => new PrepareContext(index, nameOf(model, operator), model, engine, limits, mark),
    );
    const prepared = contexts.map((context) => prepareOperator(model, context));
    const logits = findLogits(model);
    const kept = new Set(keepActivations ? prepared.flatMap((operator, at) => (operator.adaptable ? [at] : [])) : []);
    const layout = layOut(model, contexts, kept, [logits], (bytes) => allocateArena(engine, limits, mark, bytes));
    this.steps = prepared.map((operator, index) => operator.bind(layout.addressesOf(index)));
    this.multiplyAdds = prepared.reduce((sum, operator) => sum + operator.multiplyAdds, 0);
    const view = (index: number) => viewAt(model, engine, layout, index);
    this.inputs = subgraph.inputs.map(view);
    this.outputs = subgraph.outputs.map(view);
    this.logits = view(logits);
    this.adapterPoints = this.steps.flatMap((step) => (step.adapterPoint === null ? [] : [step.adapterPoint]));
    this.arenaBytes = engine.usedBytes - mark;
  }

  createAdapterSet(options: AdapterSetOptions): AdapterSet {
    return new WasmAdapterSet(this, this.engine, this.adapterPoints, options);
  }

  invoke(adapters?: AdapterSet): void {
    let active: WasmAdapterSet | null = null;
    if (adapters !== undefined) {
      if (!(adapters instanceof WasmAdapterSet) || adapters.owner !== this) {
        throw new ModelError(
          'modelMismatch',
          'these adapters were made by another interpreter: create them with this one',
        );
      }
      active = adapters;
    }
    const { steps } = this;
    let ordinal = 0;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      step.eval(active, ordinal);
      if (step.adapterPoint !== null) ordinal++;
    }
  }
}

function nameOf(model: TfliteModel, operator: Operator): string {
  return operatorName(model.operatorCodes[operator.opcodeIndex]!);
}

/** Names every missing operator at once, so that an integrator sees the whole distance. */
function requireKnownOperators(model: TfliteModel): void {
  const missing = model.subgraph.operators.flatMap((operator, index) =>
    operatorRegistry.has(model.operatorCodes[operator.opcodeIndex]!.builtin)
      ? []
      : `${index} ${nameOf(model, operator)}`,
  );
  if (missing.length === 0) return;
  const listed = missing.slice(0, 8).join(', ') + (missing.length > 8 ? `, and ${missing.length - 8} more` : '');
  throw new ModelError(
    'unsupportedOperator',
    `this engine lacks operators of the model: ${listed}; build it without them`,
  );
}

function prepareOperator(model: TfliteModel, context: PrepareContext): PreparedOperator {
  const operator = model.subgraph.operators[context.index]!;
  return operatorRegistry.get(model.operatorCodes[operator.opcodeIndex]!.builtin)!.prepare(context);
}

/** Tensor before the last SOFTMAX and DEQUANTIZE, else the first output. */
function findLogits(model: TfliteModel): number {
  const { operators, outputs } = model.subgraph;
  const producer = (tensor: number, code: number): Operator | undefined =>
    operators.find((operator) => operator.outputs.includes(tensor) && isBuiltin(model, operator, code));
  const output = outputs[0]!;
  const probabilities = producer(output, Builtin.dequantize)?.inputs[0] ?? output;
  return producer(probabilities, Builtin.softmax)?.inputs[0] ?? output;
}

function isBuiltin(model: TfliteModel, operator: Operator, code: number): boolean {
  return model.operatorCodes[operator.opcodeIndex]!.builtin === code;
}

function allocateArena(engine: WasmEngine, limits: ModelLimits, mark: number, bytes: number): number {
  const total = engine.usedBytes - mark + bytes;
  if (total > limits.arenaBytesMax) {
    throw new ModelError(
      'modelTooLarge',
      `the model needs ${total} bytes of memory, ${limits.arenaBytesMax} are allowed: use a smaller one`,
    );
  }
  return engine.allocate(bytes);
}

function viewAt(model: TfliteModel, engine: WasmEngine, layout: ArenaLayout, index: number): TensorView {
  return viewTensor(model.subgraph.tensors[index]!, engine.uint8.buffer, layout.tensor(index));
}
