import { type ArenaRequest, planArena } from './arena.ts';
import { ModelError } from './errors.ts';
import { type ActivationReport, reportActivations } from './memory-report.ts';
import type { BoundAddresses, PreparedOperator } from './ops/operator.ts';
import type { PrepareContext } from './ops/prepare-context.ts';
import type { TfliteModel } from './tflite/model.ts';
import { tensorBytes } from './tflite/tensor-type.ts';
import { elementsOf } from './tflite/verify.ts';

/** Blocks of the arena in the order of their requests: first the activation tensors, then each operator's scratch. */
interface Blocks {
  readonly requests: ArenaRequest[];
  /** Request of each tensor, −1 for a constant. */
  readonly tensors: Int32Array;
  /** First scratch request of each operator. */
  readonly scratch: number[];
}

/** Where every activation tensor and scratch block lies in the engine's memory. */
export interface ArenaLayout {
  readonly activations: ActivationReport;
  tensor(index: number): number;
  /** The view of operator `operator` on the layout. */
  addressesOf(operator: number): BoundAddresses;
}

/**
 * Plans one arena over the life of every tensor and scratch block and takes it from the engine.
 *
 * @param prepared operators in execution order, with their contexts
 * @param kept operators whose inputs, outputs and scratch keep their values until the next invoke
 * @param keptTensors tensors that do so beside the model's own inputs and outputs
 * @param constants addresses of constants that are read at run time
 */
export function layOut(
  model: TfliteModel,
  prepared: readonly { readonly context: PrepareContext; readonly operator: PreparedOperator }[],
  kept: ReadonlySet<number>,
  keptTensors: readonly number[],
  constants: ReadonlyMap<number, number>,
  allocate: (bytes: number) => number,
): ArenaLayout {
  const blocks = requestBlocks(model, prepared, kept, keptTensors);
  const plan = planArena(blocks.requests);
  const base = allocate(plan.bytes);
  const tensor = (index: number): number => {
    const constant = constants.get(index);
    if (constant !== undefined) return constant;
    const block = blocks.tensors[index]!;
    if (block < 0) throw new ModelError('unsupportedModel', `tensor ${index} is a constant where a value is computed`);
    return base + plan.offsets[block]!;
  };
  return {
    activations: reportActivations(blocks.requests, blocks.scratch[0] ?? blocks.requests.length, plan.bytes),
    tensor,
    addressesOf: (operator) => ({
      tensor,
      scratch: (handle) => base + plan.offsets[blocks.scratch[operator]! + handle]!,
    }),
  };
}

function requestBlocks(
  model: TfliteModel,
  prepared: readonly { readonly context: PrepareContext; readonly operator: PreparedOperator }[],
  kept: ReadonlySet<number>,
  keptTensors: readonly number[],
): Blocks {
  const { tensors, operators, inputs, outputs } = model.subgraph;
  const end = operators.length;
  const first = new Int32Array(tensors.length).fill(end);
  const last = new Int32Array(tensors.length).fill(-1);
  for (const index of [...inputs, ...outputs, ...keptTensors]) last[index] = end;
  for (const index of inputs) first[index] = -1;
  tensors.forEach((tensor, index) => {
    if (!tensor.isVariable) return;
    first[index] = -1;
    last[index] = end;
  });
  operators.forEach((operator, at) => {
    for (const index of [...operator.inputs, ...operator.outputs]) {
      if (index < 0) continue;
      first[index] = Math.min(first[index]!, at);
      last[index] = Math.max(last[index]!, kept.has(at) ? end : at);
    }
  });
  const blocks: Blocks = { requests: [], tensors: new Int32Array(tensors.length).fill(-1), scratch: [] };
  const homes = homesOf(model, prepared);
  homes.forEach((home, index) => {
    first[home] = Math.min(first[home]!, first[index]!);
    last[home] = Math.max(last[home]!, last[index]!);
  });
  tensors.forEach((tensor, index) => {
    if (model.buffers[tensor.buffer]!.length > 0 || last[index]! < 0 || homes[index] !== index) return;
    const bytes = tensorBytes(tensor.type, elementsOf(tensor));
    blocks.tensors[index] = blocks.requests.push({ bytes, first: first[index]!, last: last[index]! }) - 1;
  });
  homes.forEach((home, index) => {
    blocks.tensors[index] = blocks.tensors[home]!;
  });
  for (const [at, { context }] of prepared.entries()) {
    blocks.scratch.push(blocks.requests.length);
    for (const bytes of context.scratchBytes) {
      blocks.requests.push({ bytes, first: at, last: kept.has(at) ? end : at });
    }
  }
  return blocks;
}

/**
 * The tensor whose memory each tensor uses: itself, or the one that a chain of aliasing operators started from. Inputs
 * and outputs of the model stay apart, so that writing the next input does not change the last output.
 */
function homesOf(model: TfliteModel, prepared: readonly { readonly operator: PreparedOperator }[]): Int32Array {
  const { tensors, operators, inputs, outputs } = model.subgraph;
  const homes = Int32Array.from(tensors, (_, index) => index);
  const ends = new Set([...inputs, ...outputs]);
  operators.forEach((operator, at) => {
    const [from, to] = [operator.inputs[0]!, operator.outputs[0]!];
    if (prepared[at]!.operator.aliases !== true || tensors[from]!.isVariable || ends.has(to)) return;
    if (model.buffers[tensors[from]!.buffer]!.length === 0) homes[to] = homes[from]!;
  });
  return homes;
}
