import type { AdapterPoint } from './adapter-point.ts';
import { ModelError } from './errors.ts';
import { type AdapterSet, type AdapterSetOptions, WasmAdapterSet } from './interpreter-adapters.ts';
import { type ArenaLayout, layOut } from './interpreter-arena.ts';
import { findHomes } from './interpreter-homes.ts';
import { Program, workOf } from './interpreter-program.ts';
import type { ModelLimits } from './limits.ts';
import type { MemoryReport } from './memory-report.ts';
import type { Numerics } from './numerics.ts';
import type { OperatorRegistry, PreparedOperator } from './ops/operator.ts';
import { type Preparation, PrepareContext, spareBytes } from './ops/prepare-context.ts';
import { allOperators } from './ops/registry.ts';
import { type StoredTensor, storedDensely, storedWide } from './stored-tensor.ts';
import { type TensorView, viewTensor } from './tensor-view.ts';
import { Builtin, operatorName } from './tflite/builtin-operator.ts';
import type { Operator, Tensor, TfliteModel } from './tflite/model.ts';
import { TensorType, tensorBytes } from './tflite/tensor-type.ts';
import { elementsOf } from './tflite/verify.ts';
import { RECORD_BYTES } from './wasm/assembly/records.ts';
import type { WasmEngine } from './wasm/engine.ts';
import { WorkBudget } from './work-budget.ts';

export type { AdapterPoint } from './adapter-point.ts';
export type { AdapterFactors, AdapterSet, AdapterSetOptions } from './interpreter-adapters.ts';
export type { MemoryReport } from './memory-report.ts';
export type { TensorView } from './tensor-view.ts';

/** A model in two parts, of which each can run alone. */
export interface SplitModel {
  /**
   * What the second part reads first, as the engine stores it: to be read after `before`, and to be written before
   * `after` where `before` does not run. Empty when it is a constant.
   */
  readonly boundary: Uint8Array;
  /** Runs the first part. Allocates nothing, like `after`. */
  before(adapters?: AdapterSet): void;
  /** Runs the second part. Right for those of its results that depend on the boundary alone. */
  after(adapters?: AdapterSet): void;
}

/** A model ready to run. Write `inputs`, call `invoke`, read `outputs`: all are views into the engine's memory. */
export interface Interpreter {
  /** How results are rounded; equal bits on every machine. Other engines round differently and say so here. */
  readonly numerics: Numerics;
  /** Memory taken in the engine: packed weights, activations, scratch. Adapter sets come on top. */
  readonly arenaBytes: number;
  /** What `arenaBytes` is made of. */
  readonly memory: MemoryReport;
  /** Multiply-adds of one inference. */
  readonly multiplyAdds: number;
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  /** The tensors asked for as `taps`, in that order. */
  readonly taps: readonly TensorView[];
  readonly engine: WasmEngine;
  /** What a final SOFTMAX reads (also through a DEQUANTIZE behind it), else the first output itself. */
  readonly logits: TensorView;
  /** One per dense layer and convolution, in execution order. */
  readonly adapterPoints: readonly AdapterPoint[];
  /** An int8 tensor as it lies in memory: of a kept operator, or an input or output of the model. */
  stored(tensor: number): StoredTensor;
  /** There are streaming operators, so that an inference depends on those before it. */
  readonly hasState: boolean;
  /** @throws ModelError `modelTooLarge` when the engine's memory is full. */
  createAdapterSet(options: AdapterSetOptions): AdapterSet;
  /**
   * One inference, frozen or with the adapters of this interpreter. Allocates nothing.
   * @throws ModelError `modelMismatch` for another interpreter's adapters.
   */
  invoke(adapters?: AdapterSet): void;
  /** The model in two parts; the second one begins with the operator of adapter point `ordinal`. */
  split(ordinal: number): SplitModel;
  /**
   * Runs operator `index` of the subgraph alone, frozen, whatever `invoke` may join for speed; all of them in order are
   * one frozen `invoke`. For profiles.
   */
  runOperator(index: number): void;
  /** Of one inference. */
  multiplyAddsOf(operator: number): number;
  /** Sets the variables of streaming operators (SVDF, LSTM) to zero, as after creation: a new stream begins. */
  resetState(): void;
}

export interface InterpreterOptions {
  /** May be shared: an interpreter takes its memory once, here. */
  readonly engine: WasmEngine;
  readonly limits: ModelLimits;
  /**
   * Keep inputs and outputs readable until the next invoke, as learning needs: of every adapter point, or of the
   * operators named here by their index.
   */
  readonly keepActivations: boolean | readonly number[];
  /** `fp32-rne` unless told otherwise; adapters need it. */
  readonly numerics?: Numerics;
  /** Computed tensors of the subgraph, by index, to be read after each invoke like inputs and outputs. */
  readonly taps?: readonly number[];
  /** All that this package has, unless told otherwise. */
  readonly operators?: OperatorRegistry;
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
  readonly numerics: Numerics;
  readonly arenaBytes: number;
  readonly memory: MemoryReport;
  readonly multiplyAdds: number;
  readonly inputs: readonly TensorView[];
  readonly outputs: readonly TensorView[];
  readonly taps: readonly TensorView[];
  readonly logits: TensorView;
  readonly adapterPoints: readonly AdapterPoint[];
  readonly hasState: boolean;
  readonly engine: WasmEngine;
  private readonly storedAt: (tensor: number) => StoredTensor;
  private readonly costs: readonly number[];
  private readonly program: Program;
  private readonly boundaryOf: (operator: number) => Uint8Array;
  private readonly variables: readonly { readonly address: number; readonly tensor: Tensor }[];

  constructor(model: TfliteModel, options: InterpreterOptions, mark: number) {
    const { engine, limits, keepActivations, numerics = 'fp32-rne', taps = [], operators = allOperators } = options;
    this.engine = engine;
    this.numerics = numerics;
    const { subgraph } = model;
    const budget = new WorkBudget(model, limits, engine.kernels !== null && numerics === 'fp32-rne');
    if (subgraph.inputs.length === 0 || subgraph.outputs.length === 0) {
      throw new ModelError('unsupportedModel', 'the model has no input or no output: export it with both');
    }
    requireKnownOperators(model, operators);
    requireComputed(model, taps);
    const constants = new Map<number, number>();
    const folded = new Map<number, Uint8Array>();
    const preparation: Preparation = {
      model,
      engine,
      limits,
      numerics,
      packing: limits.packing,
      mark,
      constants,
      tables: new Map(),
      folded,
      spare: { bytes: spareBytes(model, limits) },
    };
    const contexts = subgraph.operators.map(
      (operator, index) => new PrepareContext(index, nameOf(model, operator), preparation),
    );
    const prepared = contexts.map((context) => {
      const operator = subgraph.operators[context.index]!;
      budget.chargeTensors(operator);
      const kernel = prepareOperator(model, operators, context);
      budget.chargeProducts(operator, kernel.multiplyAdds);
      return kernel;
    });
    const logits = findLogits(model);
    const kept = new Set(typeof keepActivations === 'boolean' ? adaptable(keepActivations, prepared) : keepActivations);
    const layout = layOut({
      homes: findHomes({ model, prepared, folded: new Set(folded.keys()), kept, keptTensors: [logits, ...taps] }),
      scratchBytes: contexts.map(({ scratchBytes }) => scratchBytes),
      // What plain layers keep of their input lies in their scratch; compiled ones read it where it is.
      kept: new Set([...kept].filter((at) => prepared[at]!.wide === undefined)),
      constants,
      allocate: (bytes) => allocateArena(engine, limits, mark, bytes),
    });
    const steps = prepared.map((operator, index) => operator.bind(layout.addressesOf(index)));
    const work = workOf(model, prepared, steps, layout);
    const records = work.reduce((sum, { records }) => sum + records.length, 0);
    this.program = new Program(engine, work, allocateArena(engine, limits, mark, records * RECORD_BYTES));
    this.costs = prepared.map(({ multiplyAdds }) => multiplyAdds);
    this.multiplyAdds = this.costs.reduce((sum, cost) => sum + cost, 0);
    this.variables = subgraph.tensors.flatMap((tensor, index) =>
      tensor.isVariable ? [{ address: layout.tensor(index), tensor }] : [],
    );
    this.hasState = this.variables.length > 0;
    this.resetState();
    this.boundaryOf = (operator) => viewHome(engine, layout, subgraph.operators[operator]!.inputs[0]!);
    const view = (index: number) => viewAt(model, engine, layout, index);
    this.storedAt = (index) => storedTensor(engine, layout, subgraph.tensors[index]!, index);
    this.inputs = subgraph.inputs.map(view);
    this.outputs = subgraph.outputs.map(view);
    this.taps = taps.map(view);
    this.logits = view(logits);
    this.adapterPoints = steps.flatMap((step) => (step.adapterPoint === null ? [] : [step.adapterPoint]));
    this.arenaBytes = engine.usedBytes - mark;
    const { activations } = layout;
    this.memory = { packedBytes: this.arenaBytes - activations.plannedBytes, ...activations };
  }

  createAdapterSet(options: AdapterSetOptions): AdapterSet {
    if (this.numerics !== 'fp32-rne') {
      throw new ModelError('modelMismatch', 'adapters need the numerics fp32-rne: create the interpreter with it');
    }
    return new WasmAdapterSet(this, this.engine, this.adapterPoints, options);
  }

  stored(tensor: number): StoredTensor {
    return this.storedAt(tensor);
  }

  resetState(): void {
    for (const { address, tensor } of this.variables) {
      this.engine.int8.fill(zeroOf(tensor), address, address + tensorBytes(tensor.type, elementsOf(tensor)));
    }
  }

  invoke(adapters?: AdapterSet): void {
    const active = this.own(adapters);
    this.program.run(active, active?.table ?? 0);
  }

  split(ordinal: number): SplitModel {
    const { operator } = this.adapterPoints[ordinal]!;
    const half = (run: Program['run']) => (adapters?: AdapterSet) => {
      const active = this.own(adapters);
      run(active, active?.table ?? 0);
    };
    return {
      boundary: this.boundaryOf(operator),
      before: half(this.program.stretch(0, operator)),
      after: half(this.program.stretch(operator, this.costs.length)),
    };
  }

  private own(adapters: AdapterSet | undefined): WasmAdapterSet | null {
    if (adapters === undefined) return null;
    if (adapters instanceof WasmAdapterSet && adapters.owner === this) return adapters;
    throw new ModelError('modelMismatch', 'these adapters were made by another interpreter: create them with this one');
  }

  runOperator(index: number): void {
    this.program.runOperator(index);
  }

  multiplyAddsOf(operator: number): number {
    return this.costs[operator]!;
  }
}

/** Quantised zero of a variable; anything but int8 is symmetric. */
function zeroOf(tensor: Tensor): number {
  return tensor.type === TensorType.int8 ? (tensor.quantisation?.zeroPoint[0] ?? 0) : 0;
}

function nameOf(model: TfliteModel, operator: Operator): string {
  return operatorName(model.operatorCodes[operator.opcodeIndex]!);
}

/** Only what an inference gives a value can be looked at after it. */
function requireComputed({ subgraph }: TfliteModel, taps: readonly number[]): void {
  const computed = new Set([...subgraph.inputs, ...subgraph.operators.flatMap(({ outputs }) => outputs)]);
  const stray = taps.find((tensor) => !computed.has(tensor));
  if (stray === undefined) return;
  throw new ModelError(
    'modelMismatch',
    `tensor ${stray} is not computed by the model: tap one that an operator writes`,
  );
}

/** Names every missing operator at once, so that an integrator sees the whole distance. */
function requireKnownOperators(model: TfliteModel, registry: OperatorRegistry): void {
  const missing = model.subgraph.operators.flatMap((operator, index) =>
    registry.has(model.operatorCodes[operator.opcodeIndex]!.builtin) ? [] : `${index} ${nameOf(model, operator)}`,
  );
  if (missing.length === 0) return;
  const listed = missing.slice(0, 8).join(', ') + (missing.length > 8 ? `, and ${missing.length - 8} more` : '');
  throw new ModelError(
    'unsupportedOperator',
    `this engine lacks operators of the model: ${listed}; build it without them`,
  );
}

function prepareOperator(model: TfliteModel, registry: OperatorRegistry, context: PrepareContext): PreparedOperator {
  const operator = model.subgraph.operators[context.index]!;
  return registry.get(model.operatorCodes[operator.opcodeIndex]!.builtin)!.prepare(context);
}

/** Tensor before the last SOFTMAX and DEQUANTIZE, else the first output. */
export function findLogits(model: TfliteModel): number {
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

function adaptable(keep: boolean, prepared: readonly PreparedOperator[]): number[] {
  return keep ? prepared.flatMap((operator, at) => (operator.adaptable ? [at] : [])) : [];
}

function storedTensor(engine: WasmEngine, layout: ArenaLayout, tensor: Tensor, index: number): StoredTensor {
  const at = layout.homes.primary[index]!;
  const wide = layout.homes.homes[at]!.layout;
  if (wide === null) return storedDensely(engine.int8, layout.home(at), elementsOf(tensor));
  return storedWide(engine.int16, (layout.home(at) + wide.originBytes) / 2, tensor.quantisation!.zeroPoint[0]!, wide);
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

/** All bytes of the place that a tensor is first written to; none for a constant. */
function viewHome(engine: WasmEngine, { homes, home }: ArenaLayout, tensor: number): Uint8Array {
  const at = homes.primary[tensor]!;
  return at < 0 ? engine.uint8.subarray(0, 0) : engine.uint8.subarray(home(at), home(at) + homes.homes[at]!.bytes);
}
