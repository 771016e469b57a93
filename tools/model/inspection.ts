import { BOARD_NAMES, boardProfile } from '../../boards/registry.ts';
import { ModelError } from '../../kernels/errors.ts';
import { createInterpreter, type Interpreter, type MemoryReport } from '../../kernels/interpreter.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { operatorName } from '../../kernels/tflite/builtin-operator.ts';
import type { Operator, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { parseModel, readModel } from '../../kernels/tflite/reader.ts';
import { tensorTypeName } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import { MODEL_CARD_METADATA_NAME, ModelCardError, parseModelCard } from '../../protocols/model-card.ts';
import { type BoardFit, fitOn } from './board-fit.ts';

export interface TensorReport {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** Number of scales: 0 = not quantised, 1 = per tensor, else per channel. */
  readonly scales: number;
  /** Of the first slice. */
  readonly scale: number | null;
  readonly zeroPoint: number | null;
  readonly constant: boolean;
}

export interface OperatorReport {
  readonly operator: string;
  /** Null stands for an optional tensor that was left out. */
  readonly inputs: readonly (TensorReport | null)[];
  readonly outputs: readonly (TensorReport | null)[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Of one inference; null when the model cannot run. */
  readonly multiplyAdds: number | null;
}

export interface AdapterPointReport {
  readonly operator: number;
  /** Rows of one inference, each of which goes through the adapter. */
  readonly rows: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** What `model inspect` says about a model; the shape of its `--json`. */
export interface ModelReport {
  readonly bytes: number;
  readonly description: string;
  readonly runnable: boolean;
  /** Why the model cannot run, empty when it can. */
  readonly refusal: string;
  readonly numerics: string | null;
  readonly inputs: readonly (TensorReport | null)[];
  readonly outputs: readonly (TensorReport | null)[];
  readonly operators: readonly OperatorReport[];
  /** Of one inference; null when the model cannot run. */
  readonly multiplyAdds: number | null;
  readonly arenaBytes: number | null;
  /** What the arena is made of. */
  readonly memory: MemoryReport | null;
  readonly adapterPoints: readonly AdapterPointReport[];
  /** Whether a node on each board takes the model. */
  readonly boards: readonly BoardFit[];
  readonly metadata: readonly { readonly name: string; readonly bytes: number }[];
  readonly card: ModelCard | null;
  /** What is wrong with the card, empty when nothing is or there is none. */
  readonly cardFault: string;
}

/** A model too large for every board can still be looked at. */
const INSPECTION_LIMITS = { ...defaultModelLimits, modelBytesMax: 256 * 1024 * 1024 };

/**
 * Describes a .tflite file, also one that this engine cannot run.
 *
 * @param boards names of the board profiles to try it on; all when left out
 * @throws ModelError when the file has no model in it, RangeError when no board has the name
 */
export function inspectModel(bytes: Uint8Array, boards: readonly string[] = BOARD_NAMES): ModelReport {
  const profiles = boards.map((name) => boardProfile(name));
  const model = parseModel(bytes, INSPECTION_LIMITS);
  const { subgraph } = model;
  const describe = (index: number) => describeTensor(model, subgraph.tensors[index]);
  const { interpreter, refusal } = tryInterpreter(bytes);
  const { card, cardFault } = readCard(model);
  return {
    bytes: bytes.length,
    description: model.description,
    runnable: interpreter !== null,
    refusal,
    numerics: interpreter?.numerics ?? null,
    inputs: subgraph.inputs.map(describe),
    outputs: subgraph.outputs.map(describe),
    operators: subgraph.operators.map((operator, index) => ({
      operator: operatorNameOf(model, operator),
      inputs: operator.inputs.map(describe),
      outputs: operator.outputs.map(describe),
      options: printableOptions(operator.options?.fields ?? {}),
      multiplyAdds: interpreter?.multiplyAddsOf(index) ?? null,
    })),
    multiplyAdds: interpreter?.multiplyAdds ?? null,
    arenaBytes: interpreter?.arenaBytes ?? null,
    memory: interpreter?.memory ?? null,
    adapterPoints: (interpreter?.adapterPoints ?? []).map(({ operator, rows, inFeatures, outFeatures }) => ({
      operator,
      rows,
      inFeatures,
      outFeatures,
    })),
    boards: profiles.map((board) => fitOn(board, bytes, card)),
    metadata: model.metadata.map(({ name, bytes: content }) => ({ name, bytes: content.length })),
    card,
    cardFault,
  };
}

function tryInterpreter(bytes: Uint8Array): { interpreter: Interpreter | null; refusal: string } {
  try {
    const options = { engine: createEngine(), limits: defaultModelLimits, keepActivations: false };
    return { interpreter: createInterpreter(readModel(bytes, defaultModelLimits), options), refusal: '' };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { interpreter: null, refusal: error.message };
  }
}

/** A model that was refused may name an operator code that it does not have. */
function operatorNameOf(model: TfliteModel, operator: Operator): string {
  const code = model.operatorCodes[operator.opcodeIndex];
  return code === undefined ? `code ${operator.opcodeIndex} of ${model.operatorCodes.length}` : operatorName(code);
}

function readCard(model: TfliteModel): { card: ModelCard | null; cardFault: string } {
  const entry = model.metadata.find(({ name }) => name === MODEL_CARD_METADATA_NAME);
  if (entry === undefined) return { card: null, cardFault: '' };
  try {
    return { card: parseModelCard(entry.bytes), cardFault: '' };
  } catch (error) {
    if (!(error instanceof ModelCardError)) throw error;
    return { card: null, cardFault: error.message };
  }
}

function describeTensor(model: TfliteModel, tensor: Tensor | undefined): TensorReport | null {
  if (tensor === undefined) return null;
  const { name, type, shape, quantisation } = tensor;
  return {
    name,
    type: tensorTypeName(type),
    shape,
    scales: quantisation?.scale.length ?? 0,
    scale: quantisation?.scale[0] ?? null,
    zeroPoint: quantisation?.zeroPoint[0] ?? null,
    constant: (model.buffers[tensor.buffer]?.length ?? 0) > 0,
  };
}

/** JSON has no 64-bit integers. */
function printableOptions(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? `${value}` : value]);
  return Object.fromEntries(entries);
}
