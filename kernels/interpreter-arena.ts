import { type ArenaRequest, planArena } from './arena.ts';
import { ModelError } from './errors.ts';
import type { BoundAddresses } from './ops/operator.ts';
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
  tensor(index: number): number;
  /** The view of operator `operator` on the layout. */
  addressesOf(operator: number): BoundAddresses;
}

/**
 * Plans one arena over the life of every tensor and scratch block and takes it from the engine.
 *
 * @param kept operators whose inputs, outputs and scratch keep their values until the next invoke
 * @param keptTensors tensors that do so beside the model's own inputs and outputs
 */
export function layOut(
  model: TfliteModel,
  contexts: readonly PrepareContext[],
  kept: ReadonlySet<number>,
  keptTensors: readonly number[],
  allocate: (bytes: number) => number,
): ArenaLayout {
  const blocks = requestBlocks(model, contexts, kept, keptTensors);
  const plan = planArena(blocks.requests);
  const base = allocate(plan.bytes);
  const tensor = (index: number): number => {
    const block = blocks.tensors[index]!;
    if (block < 0) throw new ModelError('unsupportedModel', `tensor ${index} is a constant where a value is computed`);
    return base + plan.offsets[block]!;
  };
  return {
    tensor,
    addressesOf: (operator) => ({
      tensor,
      scratch: (handle) => base + plan.offsets[blocks.scratch[operator]! + handle]!,
    }),
  };
}

function requestBlocks(
  model: TfliteModel,
  contexts: readonly PrepareContext[],
  kept: ReadonlySet<number>,
  keptTensors: readonly number[],
): Blocks {
  const { tensors, operators, inputs, outputs } = model.subgraph;
  const end = operators.length;
  const first = new Int32Array(tensors.length).fill(end);
  const last = new Int32Array(tensors.length).fill(-1);
  for (const index of [...inputs, ...outputs, ...keptTensors]) last[index] = end;
  for (const index of inputs) first[index] = -1;
  operators.forEach((operator, at) => {
    for (const index of [...operator.inputs, ...operator.outputs]) {
      if (index < 0) continue;
      first[index] = Math.min(first[index]!, at);
      last[index] = Math.max(last[index]!, kept.has(at) ? end : at);
    }
  });
  const blocks: Blocks = { requests: [], tensors: new Int32Array(tensors.length).fill(-1), scratch: [] };
  tensors.forEach((tensor, index) => {
    if (model.buffers[tensor.buffer]!.length > 0 || last[index]! < 0) return;
    const bytes = tensorBytes(tensor.type, elementsOf(tensor));
    blocks.tensors[index] = blocks.requests.push({ bytes, first: first[index]!, last: last[index]! }) - 1;
  });
  for (const [at, context] of contexts.entries()) {
    blocks.scratch.push(blocks.requests.length);
    for (const bytes of context.scratchBytes) {
      blocks.requests.push({ bytes, first: at, last: kept.has(at) ? end : at });
    }
  }
  return blocks;
}
